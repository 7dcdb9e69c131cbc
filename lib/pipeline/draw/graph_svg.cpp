// SPDX-License-Identifier: BSD-3-Clause
// Layers of boxes, arrows down between them. What an arrow says stands at the end where fewer arrows meet, in
// a band that is as wide as all its texts: they never lie on each other.
#include "pipeline/draw/graph.hpp"
#include "pipeline/draw/graph_words.hpp"
#include "pipeline/draw/layers.hpp"
#include "pipeline/draw/svg.hpp"
#include <algorithm>
#include <numeric>

namespace pipeline::draw {

namespace {

constexpr double margin = 20, name_size = 13, line_size = 11, edge_size = 10, row_step = 14, gap = 28,
                 pad = 10;
constexpr double free_gap = 44; ///< between two layers, besides what is written there
constexpr double port_least = 18;

double widest_of(const std::vector<std::string>& lines, double size)
{
    double w = 0;
    for (const auto& l : lines) w = std::max(w, text_width(l, size));
    return w;
}

class GraphPicture {
  public:
    explicit GraphPicture(const Graph& g) : g_(g)
    {
        std::vector<std::pair<std::size_t, std::size_t>> ends;
        for (const auto& e : g.edges) ends.emplace_back(e.from, e.to);
        layers_ = layers_of(g.nodes.size(), ends);
        at_.resize(layers_.points);
    }

    std::string svg()
    {
        size_up();
        place();
        arrows();
        boxes();
        titles();
        return svg_.document(width_ + 2 * margin, bottom_ + margin, g_.title);
    }

  private:
    struct Ports {
        std::vector<std::size_t> edges; ///< from the left
        double width = 0, height = 0;   ///< of the band of their texts
    };

    [[nodiscard]] bool says_at_end(std::size_t edge) const
    {
        const auto& e = g_.edges[edge];
        return in_[e.to].edges.size() <= out_[e.from].edges.size();
    }
    [[nodiscard]] double port_width(std::size_t edge, bool end) const
    {
        if (says_at_end(edge) != end) return port_least;
        return widest_of(g_.edges[edge].lines, edge_size) + 12;
    }
    [[nodiscard]] double text_height(std::size_t edge, bool end) const
    {
        if (says_at_end(edge) != end) return 0;
        return static_cast<double>(g_.edges[edge].lines.size()) * (edge_size + 2) + 6;
    }

    void size_up()
    {
        in_.resize(layers_.points), out_.resize(layers_.points);
        for (std::size_t e = 0; e < g_.edges.size(); ++e)
            out_[g_.edges[e].from].edges.push_back(e), in_[g_.edges[e].to].edges.push_back(e);
        std::vector<std::size_t> order(layers_.points); // of a point in its row
        for (const auto& row : layers_.rows)
            for (std::size_t i = 0; i < row.size(); ++i) order[row[i]] = i;
        for (std::size_t n = 0; n < g_.nodes.size(); ++n) {
            const auto next = [&](std::size_t e) { return order[layers_.paths[e][1]]; };
            const auto previous = [&](std::size_t e) { return order[layers_.paths[e].rbegin()[1]]; };
            std::stable_sort(out_[n].edges.begin(), out_[n].edges.end(),
                             [&](auto a, auto b) { return next(a) < next(b); });
            std::stable_sort(in_[n].edges.begin(), in_[n].edges.end(),
                             [&](auto a, auto b) { return previous(a) < previous(b); });
        }
        for (std::size_t n = 0; n < g_.nodes.size(); ++n) {
            for (const bool end : {false, true}) {
                auto& ports = end ? in_[n] : out_[n];
                for (const auto e : ports.edges)
                    ports.width += port_width(e, end),
                        ports.height = std::max(ports.height, text_height(e, end));
            }
            const auto& node = g_.nodes[n];
            at_[n].w =
                std::max({text_width(node.name, name_size) * 1.05, widest_of(node.lines, line_size), 60.0}) +
                2 * pad;
            at_[n].h = name_size + static_cast<double>(node.lines.size()) * row_step + 2 * pad;
        }
    }
    /// What a point takes in its row: its box, or the texts of its arrows.
    [[nodiscard]] double slot(std::size_t p) const
    {
        return std::max({at_[p].w, in_[p].width, out_[p].width, 16.0});
    }
    [[nodiscard]] double row_width(const std::vector<std::size_t>& row) const
    {
        return std::accumulate(row.begin(), row.end(), gap * static_cast<double>(row.size() - 1),
                               [&](double sum, std::size_t p) { return sum + slot(p); });
    }

    void place()
    {
        width_ = std::max(text_width(g_.title, 16), widest_of(g_.lines, line_size));
        for (const auto& row : layers_.rows) width_ = std::max(width_, row_width(row));
        double y = margin + 24 + static_cast<double>(g_.lines.size()) * row_step;
        for (const auto& row : layers_.rows) {
            double x = margin + (width_ - row_width(row)) / 2, tall = 0, above = 0, below = 0;
            for (const auto p : row) {
                tall = std::max(tall, at_[p].h);
                above = std::max(above, in_[p].height), below = std::max(below, out_[p].height);
            }
            y += above;
            for (const auto p : row) {
                const double room = slot(p);
                at_[p].x = x + (room - at_[p].w) / 2, at_[p].y = y;
                if (p >= g_.nodes.size()) at_[p].h = tall; // straight past the boxes
                x += room + gap;
            }
            bottom_ = y + tall;
            y += tall + below + free_gap;
        }
    }

    /// Where an arrow stands in the band of a node's arrows.
    [[nodiscard]] double port_x(std::size_t edge, bool end) const
    {
        const auto node = end ? g_.edges[edge].to : g_.edges[edge].from;
        const auto& ports = end ? in_[node] : out_[node];
        double x = at_[node].middle_x() - ports.width / 2;
        for (const auto e : ports.edges) {
            const double w = port_width(e, end);
            if (e == edge) return x + w / 2;
            x += w;
        }
        return x;
    }
    /// On the box's edge: as near to the port as the box is wide.
    [[nodiscard]] double on_box(std::size_t node, double x) const
    {
        return std::clamp(x, at_[node].x + 8, at_[node].right() - 8);
    }

    void arrows()
    {
        for (std::size_t i = 0; i < g_.edges.size(); ++i) {
            const auto& e = g_.edges[i];
            const LineStyle style{e.drops            ? "#cf222e"
                                  : e.fullest >= 0.9 ? "#9a6700"
                                                     : "#57606a",
                                  e.fullest >= 0.9 || e.drops ? 2.0 : 1.4, false, false};
            const auto& path = layers_.paths[i];
            const double x0 = port_x(i, false), x1 = port_x(i, true);
            Point from{x0, at_[e.from].bottom() + out_[e.from].height};
            svg_.line({on_box(e.from, x0), at_[e.from].bottom()}, from, style);
            for (std::size_t p = 1; p < path.size(); ++p) {
                const bool last = p + 1 == path.size();
                const auto& next = at_[path[p]];
                const Point to =
                    last ? Point{x1, next.y - in_[e.to].height - 8} : Point{next.middle_x(), next.y};
                const double bend = (to.y - from.y) / 2;
                svg_.curve(from, {from.x, from.y + bend}, {to.x, to.y - bend}, to, style);
                from = to;
                if (last) continue;
                from.y = next.bottom();
                svg_.line(to, from, style);
            }
            auto tip = style;
            tip.arrow = true;
            svg_.line(from, {on_box(e.to, x1), at_[e.to].y}, tip);
        }
        for (std::size_t i = 0; i < g_.edges.size(); ++i) words(i);
    }
    void words(std::size_t edge)
    {
        const auto& e = g_.edges[edge];
        const bool end = says_at_end(edge);
        const double x = port_x(edge, end), h = text_height(edge, end), w = port_width(edge, end) - 8;
        const double y = end ? at_[e.to].y - 8 - h + 2 : at_[e.from].bottom() + 4;
        svg_.box({x - w / 2, y, w, h - 4}, {"#ffffff", "none", 0});
        for (std::size_t l = 0; l < e.lines.size(); ++l)
            svg_.text(x, y + (edge_size + 2) * static_cast<double>(l + 1) - 1, e.lines[l],
                      {edge_size, e.drops ? "#cf222e" : "#57606a", false, true});
    }

    void boxes()
    {
        for (std::size_t n = 0; n < g_.nodes.size(); ++n) {
            const auto& node = g_.nodes[n];
            const auto fill = node.busy >= 0.9 ? "#ffd8b5" : node.busy >= 0.5 ? "#fff8c5" : "#ddf4ff";
            svg_.box(at_[n], {fill, node.drops ? "#cf222e" : "#57606a", 5});
            double y = at_[n].y + pad + name_size - 2;
            svg_.text(at_[n].middle_x(), y, node.name, {name_size, "#1f2328", true, true});
            for (const auto& line : node.lines)
                svg_.text(at_[n].middle_x(), y += row_step, line,
                          {line_size, line.starts_with("dropped") ? "#cf222e" : "#1f2328", false, true});
        }
    }
    void titles()
    {
        svg_.text(margin, margin + 12, g_.title, {16, "#1f2328", true});
        for (std::size_t i = 0; i < g_.lines.size(); ++i)
            svg_.text(margin, margin + 16 + row_step * static_cast<double>(i + 1), g_.lines[i], {line_size});
    }

    const Graph& g_;
    Layers layers_;
    std::vector<Rect> at_; ///< of points
    std::vector<Ports> in_, out_;
    Svg svg_;
    double width_ = 0, bottom_ = 0;
};

} // namespace

std::string graph_svg(const GraphInput& input)
{
    const auto g = graph_of(input);
    return GraphPicture(g).svg();
}

} // namespace pipeline::draw
