// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/draw/graph.hpp"
#include "pipeline/draw/graph_words.hpp"

namespace pipeline::draw {

namespace {

/// In quotes, for graphviz: a backslash or quote of the text stands for itself.
std::string quoted(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return out;
}

std::string label(std::string_view first, const std::vector<std::string>& lines)
{
    std::string out = quoted(first);
    for (const auto& l : lines) out += (out.empty() ? "" : "\\n") + quoted(l);
    return out;
}

} // namespace

std::string graph_dot(const GraphInput& input)
{
    const auto g = graph_of(input);
    std::string out = fmt::format("digraph \"{}\" {{\n"
                                  "  graph [label=\"{}\", labelloc=t, bgcolor=white, fontname=monospace];\n"
                                  "  node [shape=box, style=\"rounded,filled\", fillcolor=white, "
                                  "fontname=monospace];\n"
                                  "  edge [fontname=monospace, fontsize=10];\n",
                                  quoted(g.title), label(g.title, g.lines));
    for (const auto& n : g.nodes)
        out +=
            fmt::format("  \"{}\" [label=\"{}\"{}{}];\n", quoted(n.name), label(n.name, n.lines),
                        n.busy > 0.9 ? ", fillcolor=\"#ffd8b5\"" : "", n.drops ? ", color=\"#cf222e\"" : "");
    for (const auto& e : g.edges)
        out += fmt::format("  \"{}\" -> \"{}\" [label=\"{}\"{}];\n", quoted(g.nodes[e.from].name),
                           quoted(g.nodes[e.to].name), label("", e.lines),
                           e.drops ? ", color=\"#cf222e\", fontcolor=\"#cf222e\"" : "");
    return out + "}\n";
}

} // namespace pipeline::draw
