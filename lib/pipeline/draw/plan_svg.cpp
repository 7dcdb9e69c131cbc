// SPDX-License-Identifier: BSD-3-Clause
// The picture of a placement: boxes below, then links, then everything that is read.
#include "pipeline/draw/host_boxes.hpp"
#include "pipeline/draw/plan.hpp"
#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace pipeline::draw {

namespace {

using Kind = Box::Kind;

constexpr double plan_margin = 20, plan_width = 1560;
constexpr std::size_t most_warnings = 12;

/// By Kind.
constexpr BoxStyle box_styles[] = {{"#ffffff", "#6e7781", 6},       {"#f6f8fa", "#8c959f", 5},
                                   {"#ffffff", "#afb8c1", 4},       {"#f6f8fa", "#afb8c1", 3},
                                   {"#ffffff", "#57606a", 3},       {"#f6f8fa", "#d0d7de", 3},
                                   {"#ffffff", "#d0d7de", 3, true}, {"#ffffff", "#d8b9ff", 3, true},
                                   {"#fbefff", "#8250df", 3},       {"#ffffff", "#57606a", 4}};
constexpr std::string_view stage_colours[] = {"#ddf4ff", "#dafbe1", "#fff8c5", "#ffd8b5", "#ffdce0",
                                              "#e2dcff", "#c8f0ee", "#f0e6d2", "#d9e4f5", "#eef5c0"};

/// What two CPUs share decides what handing over costs.
struct Distance {
    std::string_view words, colour;
};
constexpr Distance distances[] = {{"within one lcore", "#8c959f"},
                                  {"over one L3", "#1a7f37"},
                                  {"from L3 to L3", "#9a6700"},
                                  {"from node to node", "#cf222e"}};

std::size_t distance(const place::Cpu& a, const place::Cpu& b)
{
    if (a.id == b.id) return 0;
    return a.node != b.node ? 3 : a.l3 != b.l3 || a.package != b.package ? 2 : 1;
}

class Picture {
  public:
    Picture(const PipelineSpec& spec, const place::Host& host, const place::Placement& placement)
        : spec_(spec), host_(host), placement_(placement), root_(host_boxes(host, placement))
    {}

    std::string svg()
    {
        bottom_ = plan_margin + 14;
        svg_.text(plan_margin, bottom_, fmt::format("{} on {}", spec_.name, host_.name),
                  {16, "#1f2328", true});
        flow();
        arrange(root_, plan_margin, bottom_ + 12, plan_width);
        find(root_);
        under(root_);
        near_cards();
        links();
        over(root_);
        bottom_ = root_.at.bottom() + 8;
        legend();
        notes();
        return svg_.document(std::max(right_, root_.at.right()) + plan_margin, bottom_ + plan_margin,
                             fmt::format("placement of {} on {}", spec_.name, host_.name));
    }

  private:
    [[nodiscard]] std::string_view colour_of(const std::string& stage) const
    {
        const auto i = static_cast<std::size_t>(spec_.stage(stage) - spec_.stages.data());
        return stage_colours[i % std::size(stage_colours)];
    }
    /// The stages in the order of the flow.
    void flow()
    {
        double x = plan_margin;
        bottom_ += 14;
        for (const auto& s : spec_.stages) {
            const auto words = s.replicas > 1 ? fmt::format("{} x{}", s.name, s.replicas) : s.name;
            const double w = text_width(words, 11) + 14;
            if (x > plan_margin && x + w > plan_width) x = plan_margin, bottom_ += 28;
            svg_.box({x, bottom_, w, 20}, {colour_of(s.name), "#57606a", 4},
                     fmt::format("{}: kind {}", s.name, s.kind));
            svg_.text(x + 7, bottom_ + 14, words, {});
            x += w + 8;
            right_ = std::max(right_, x);
        }
        bottom_ += 20;
    }
    void find(const Box& box)
    {
        if (box.kind == Kind::STAGE) stage_at_[box.index] = box.at;
        if (box.kind == Kind::CARD) card_at_[host_.cards[box.index].name] = box.at;
        for (const auto& child : box.inside) find(child);
    }
    void under(const Box& box)
    {
        if (box.kind != Kind::STAGE && box.kind != Kind::CARD)
            svg_.box(box.at, box_styles[static_cast<std::size_t>(box.kind)]);
        for (const auto& child : box.inside) under(child);
    }
    void over(const Box& box)
    {
        const auto style = box_styles[static_cast<std::size_t>(box.kind)];
        if (box.kind == Kind::STAGE) {
            const auto& choice = placement_.choices[box.index];
            svg_.box(box.at, {colour_of(choice.stage), style.stroke, style.radius}, choice.why);
        } else if (box.kind == Kind::CARD) {
            svg_.box(box.at, style);
        }
        const bool leaf = box.inside.empty();
        const double size = label_size(box.kind);
        const auto colour = box.kind == Kind::IDLE || box.kind == Kind::IDLE_CPU ? "#6e7781" : "#1f2328";
        if (leaf)
            svg_.text(box.at.middle_x(), box.at.middle_y() + size * 0.35, box.label,
                      {size, colour, false, true});
        else
            svg_.text(box.at.x + 8, box.at.y + size + 4, box.label,
                      {size, colour, box.kind < Kind::L3, false, true});
        for (const auto& child : box.inside) over(child);
    }

    void near_cards()
    {
        for (std::size_t i = 0; i < placement_.choices.size(); ++i) {
            const auto* const s = spec_.stage(placement_.choices[i].stage);
            const auto card = card_at_.find(s->wish.of);
            if (s->wish.wish != place::Wish::NEAR_CARD || card == card_at_.end()) continue;
            connect(card->second, stage_at_[i], {"#8250df", 1.2, true, false});
        }
    }
    void links()
    {
        for (const auto& l : spec_.links)
            for (const auto& [from, to] : pairs(l)) {
                const auto d = distance(cpu(from), cpu(to));
                drawn_.insert(d);
                connect(stage_at_[from], stage_at_[to], {distances[d].colour, 1.4});
            }
    }
    /// Copies to copies: all pairs while they are few, then one for each pair of L3.
    [[nodiscard]] std::vector<std::pair<std::size_t, std::size_t>> pairs(const LinkSpec& l) const
    {
        std::vector<std::pair<std::size_t, std::size_t>> all;
        for (std::size_t from = 0; from < placement_.choices.size(); ++from)
            for (std::size_t to = 0; to < placement_.choices.size(); ++to)
                if (placement_.choices[from].stage == l.from && placement_.choices[to].stage == l.to)
                    all.emplace_back(from, to);
        if (all.size() <= 16) return all;
        const auto where = [&](std::size_t i) { return std::array{cpu(i).package, cpu(i).node, cpu(i).l3}; };
        std::set<std::array<std::array<unsigned, 3>, 2>> seen;
        std::erase_if(all, [&](const auto& p) {
            return !seen.insert({where(p.first), where(p.second)}).second;
        });
        return all;
    }
    [[nodiscard]] const place::Cpu& cpu(std::size_t choice) const
    {
        return *host_.cpu(placement_.choices[choice].cpu);
    }
    /// Does the straight way go behind another stage?
    [[nodiscard]] bool blocked(const Rect& way) const
    {
        return std::any_of(stage_at_.begin(), stage_at_.end(), [&](const auto& s) {
            const Rect& r = s.second;
            return r.x < way.right() && r.right() > way.x && r.y < way.bottom() && r.bottom() > way.y;
        });
    }
    /// From the side of `a` that looks at `b`, to the side of `b` that looks at `a`; round what is in
    /// between.
    void connect(const Rect& a, const Rect& b, const LineStyle& style)
    {
        if (b.y >= a.bottom() || b.bottom() <= a.y) return connect_rows(a, b, style);
        const bool right = b.x >= a.x;
        const Point from{right ? a.right() : a.x, a.middle_y()}, to{right ? b.x : b.right(), b.middle_y()};
        const double far = std::abs(to.x - from.x), pull = std::clamp(far / 2, 4.0, 80.0) * (right ? 1 : -1);
        if (!blocked({std::min(from.x, to.x) + 1, from.y - 1, far - 2, 2}))
            return svg_.curve(from, {from.x + pull, from.y}, {to.x - pull, to.y}, to, style);
        const double low = std::max(a.bottom(), b.bottom()) + std::clamp(far / 10, 14.0, 60.0);
        const double aside = right ? 8 : -8; // those that leave and those that come do not meet
        svg_.curve({a.middle_x() + aside, a.bottom()}, {a.middle_x() + 2 * aside, low},
                   {b.middle_x() - 2 * aside, low}, {b.middle_x() - aside, b.bottom()}, style);
    }
    void connect_rows(const Rect& a, const Rect& b, const LineStyle& style)
    {
        const bool down = b.y >= a.bottom();
        const Point from{a.middle_x(), down ? a.bottom() : a.y}, to{b.middle_x(), down ? b.y : b.bottom()};
        const double far = std::abs(to.y - from.y), pull = std::clamp(far / 2, 4.0, 80.0) * (down ? 1 : -1);
        const bool one_column = a.x == b.x;
        if (!one_column || !blocked({a.x, std::min(from.y, to.y) + 1, 1, far - 2}))
            return svg_.curve(from, {from.x, from.y + pull}, {to.x, to.y - pull}, to, style);
        const double out = std::max(a.right(), b.right()) + std::clamp(far / 6, 12.0, 40.0);
        svg_.curve({a.right(), a.middle_y()}, {out, a.middle_y()}, {out, b.middle_y()},
                   {b.right(), b.middle_y()}, style);
    }

    void legend()
    {
        double x = plan_margin;
        bottom_ += 16;
        const auto entry = [&](std::string_view words, const LineStyle& style) {
            svg_.line({x, bottom_ - 4}, {x + 30, bottom_ - 4}, style);
            svg_.text(x + 36, bottom_, words, {});
            x += 36 + text_width(words, 11) + 24;
            right_ = std::max(right_, x);
        };
        for (const auto d : drawn_) entry(distances[d].words, {distances[d].colour, 1.4});
        if (!card_at_.empty()) entry("asked to be near that card", {"#8250df", 1.2, true, false});
    }
    void note(std::string_view words, std::string_view colour)
    {
        bottom_ += 16;
        // 1560 hold 235 letters of this size.
        const auto shown =
            words.size() > 230 ? std::string(words.substr(0, 227)) + "..." : std::string(words);
        svg_.text(plan_margin, bottom_, shown, {11, colour});
        right_ = std::max(right_, plan_margin + text_width(shown, 11));
    }
    void notes()
    {
        bottom_ += 4;
        for (std::size_t i = 0; i < std::min(placement_.warnings.size(), most_warnings); ++i)
            note("warning: " + placement_.warnings[i], "#cf222e");
        if (placement_.warnings.size() > most_warnings)
            note(fmt::format("and {} warnings more", placement_.warnings.size() - most_warnings), "#cf222e");
        note("--lcores " + placement_.lcores, "#57606a");
    }

    const PipelineSpec& spec_;
    const place::Host& host_;
    const place::Placement& placement_;
    Box root_;
    Svg svg_;
    std::map<std::size_t, Rect> stage_at_;
    std::map<std::string, Rect> card_at_;
    std::set<std::size_t> drawn_; ///< distances that occur
    double bottom_ = 0, right_ = 0;
};

} // namespace

std::string plan_svg(const PipelineSpec& spec, const place::Host& host, const place::Placement& placement)
{
    return Picture(spec, host, placement).svg();
}

} // namespace pipeline::draw
