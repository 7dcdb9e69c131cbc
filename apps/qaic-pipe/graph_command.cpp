// SPDX-License-Identifier: BSD-3-Clause
#include "graph_command.hpp"
#include "files.hpp"
#include "pipeline/draw/graph.hpp"

namespace qaic_pipe {

namespace {

Result<void> graph(const GraphOptions& o)
{
    QAIC_TRY(const auto spec, read_pipeline(o.pipeline));
    place::Placement placement;
    const bool placed = o.placed || !o.host.empty();
    if (placed) {
        QAIC_TRY(const auto host, read_host(o.host, spec));
        QAIC_TRY(placement, place_on(host, spec));
    }
    const pipeline::draw::GraphInput input{spec, placed ? &placement : nullptr};
    return write_text(o.output, o.format == GraphFormat::DOT ? pipeline::draw::graph_dot(input)
                                                             : pipeline::draw::graph_svg(input));
}

} // namespace

int graph_command(const GraphOptions& options)
{
    const auto done = graph(options);
    return done ? exit_ok : refused(done.error());
}

} // namespace qaic_pipe
