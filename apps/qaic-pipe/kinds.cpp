// SPDX-License-Identifier: BSD-3-Clause
#include "kinds.hpp"
#include "pipeline/infer/infer.hpp"
#include "pipeline/ports/ports.hpp"
#include "pipeline/stages/flow_features.hpp"
#include "pipeline/stages/mark.hpp"
#include "pipeline/stages/shipped.hpp"
#include <fmt/format.h>
#include <stdexcept>

namespace qaic_pipe {

namespace {

void add(const qaic_pipe_stage& kind)
{
    if (const int e = qaic_pipe_register(&kind); e != 0)
        throw std::logic_error(
            fmt::format("the kind {} that ships with this program is wrong ({})", kind.kind, e));
}

} // namespace

void register_kinds()
{
    for (const auto* kind : pipeline::shipped_stages()) add(*kind);
    add(pipeline::stage_flow_features);
    add(pipeline::stage_mark);
    add(pipeline::stage_infer);
    add(stage_port);
    add(stage_port_out);
    add(stage_pcap_file);
    add(stage_pcap_out);
}

} // namespace qaic_pipe
