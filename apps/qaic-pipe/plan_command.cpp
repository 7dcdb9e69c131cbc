// SPDX-License-Identifier: BSD-3-Clause
#include "plan_command.hpp"
#include "files.hpp"
#include "pipeline/draw/plan.hpp"

namespace qaic_pipe {

namespace {

Result<void> plan(const PlanOptions& o)
{
    QAIC_TRY(const auto spec, read_pipeline(o.pipeline));
    QAIC_TRY(const auto host, read_host(o.host, spec));
    QAIC_TRY(const auto placement, place_on(host, spec));
    if (!o.svg.empty()) QAIC_CHECK(write_text(o.svg, pipeline::draw::plan_svg(spec, host, placement)));
    return write_text("", pipeline::draw::plan_text(spec, host, placement));
}

} // namespace

int plan_command(const PlanOptions& options)
{
    const auto done = plan(options);
    return done ? exit_ok : refused(done.error());
}

} // namespace qaic_pipe
