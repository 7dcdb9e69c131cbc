// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/draw/svg.hpp"
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace pipeline::draw {

namespace {

constexpr double widest_shown = 1600;
constexpr double letter = 0.603; ///< DejaVu Sans Mono's, of its size; Courier's is 0.6

/// Letters, not bytes: what continues a UTF-8 sequence does not count.
std::size_t letters(std::string_view text)
{
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string_view dashes(bool dashed) { return dashed ? R"( stroke-dasharray="5 4")" : ""; }

} // namespace

double text_width(std::string_view text, double size)
{
    return static_cast<double>(letters(text)) * letter * size;
}

std::string escaped(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else
            out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    }
    return out;
}

void Svg::box(const Rect& at, const BoxStyle& style, std::string_view hover)
{
    body_ += fmt::format(
        R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="{:.0f}" fill="{}" stroke="{}"{})",
        at.x, at.y, at.w, at.h, style.radius, style.fill, style.stroke, dashes(style.dashed));
    body_ += hover.empty() ? "/>\n" : fmt::format("><title>{}</title></rect>\n", escaped(hover));
}

void Svg::text(double x, double y, std::string_view text, const TextStyle& style)
{
    body_ += fmt::format(R"(<text x="{:.1f}" y="{:.1f}" font-size="{:.0f}" fill="{}"{}{}{}>{}</text>)", x, y,
                         style.size, style.colour, style.bold ? R"( font-weight="bold")" : "",
                         style.centred ? R"( text-anchor="middle")" : "",
                         style.halo ? R"( stroke="#ffffff" stroke-width="3" paint-order="stroke")" : "",
                         escaped(text)) +
             "\n";
}

void Svg::arrow_head(Point from, Point to, const LineStyle& style)
{
    const double dx = to.x - from.x, dy = to.y - from.y;
    const double length = std::max(std::hypot(dx, dy), 1e-6);
    const double ux = dx / length, uy = dy / length;
    constexpr double size = 7, half = 3;
    body_ += fmt::format(R"(<path d="M{:.1f} {:.1f}L{:.1f} {:.1f}L{:.1f} {:.1f}Z" fill="{}"/>)", to.x, to.y,
                         to.x - ux * size - uy * half, to.y - uy * size + ux * half,
                         to.x - ux * size + uy * half, to.y - uy * size - ux * half, style.colour) +
             "\n";
}

void Svg::curve(Point from, Point out, Point in, Point to, const LineStyle& style)
{
    body_ += fmt::format(
        R"(<path d="M{:.1f} {:.1f}C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}" fill="none" stroke="{}")"
        R"( stroke-width="{:.1f}"{}/>)",
        from.x, from.y, out.x, out.y, in.x, in.y, to.x, to.y, style.colour, style.width,
        dashes(style.dashed));
    body_ += '\n';
    if (style.arrow) arrow_head(in, to, style);
}

void Svg::line(Point from, Point to, const LineStyle& style) { curve(from, from, from, to, style); }

std::string Svg::document(double width, double height, std::string_view title) const
{
    const double scale = std::min(1.0, widest_shown / width);
    return fmt::format(R"(<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="{:.0f}" height="{:.0f}" viewBox="0 0 {:.0f} {:.0f}" )"
                       R"(font-family="DejaVu Sans Mono, Menlo, Consolas, Courier New, monospace">
<title>{}</title>
<rect width="100%" height="100%" fill="#ffffff"/>
{}</svg>
)",
                       std::floor(width * scale), std::ceil(height * scale), width, height, escaped(title),
                       body_);
}

} // namespace pipeline::draw
