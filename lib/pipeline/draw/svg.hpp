// SPDX-License-Identifier: BSD-3-Clause
// The few shapes that pictures of pipelines are made of, as SVG text. Units: user units (pixels). One thread.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace pipeline::draw {

struct Rect {
    double x = 0, y = 0, w = 0, h = 0;
    [[nodiscard]] double right() const { return x + w; }
    [[nodiscard]] double bottom() const { return y + h; }
    [[nodiscard]] double middle_x() const { return x + w / 2; }
    [[nodiscard]] double middle_y() const { return y + h / 2; }
};

struct Point {
    double x = 0, y = 0;
};

struct BoxStyle {
    std::string_view fill = "#ffffff", stroke = "#8c959f";
    double radius = 3;
    bool dashed = false;
};

struct TextStyle {
    double size = 11;
    std::string_view colour = "#1f2328";
    bool bold = false, centred = false;
    bool halo = false; ///< white around the letters: to be read on top of lines
};

struct LineStyle {
    std::string_view colour = "#57606a";
    double width = 1.4;
    bool dashed = false, arrow = true;
};

/// Of text: every font asked for is monospaced, and none of the usual ones is wider.
[[nodiscard]] double text_width(std::string_view text, double size);
/// For text and attributes: & < > " as entities; what no XML may hold becomes a space.
[[nodiscard]] std::string escaped(std::string_view text);

class Svg {
  public:
    /// `hover`: shown by viewers that can; empty: nothing.
    void box(const Rect& at, const BoxStyle& style, std::string_view hover = {});
    /// y: of the base line.
    void text(double x, double y, std::string_view text, const TextStyle& style);
    /// A curve that leaves `from` towards `out` and reaches `to` from `in` (points that pull, as in
    /// Bézier's).
    void curve(Point from, Point out, Point in, Point to, const LineStyle& style);
    void line(Point from, Point to, const LineStyle& style);
    /// The whole file on a white ground. Shown at most 1600 wide: what is wider is scaled.
    [[nodiscard]] std::string document(double width, double height, std::string_view title) const;

  private:
    void arrow_head(Point from, Point to, const LineStyle& style);
    std::string body_;
};

} // namespace pipeline::draw
