// SPDX-License-Identifier: BSD-3-Clause
#include "check_command.hpp"
#include "base/clock.hpp"
#include "stage_costs.hpp"
#include <filesystem>
#include <rte_cycles.h>
#include <thread>

namespace qaic_pipe {

namespace {

/// EAL, which knows, is not there.
double tsc_hz()
{
    const SteadyClock clock;
    const auto start = clock.now();
    const auto ticks = rte_rdtsc();
    std::this_thread::sleep_for(20ms);
    return static_cast<double>(rte_rdtsc() - ticks) /
           std::chrono::duration<double>(clock.now() - start).count();
}

Result<void> check(const CheckOptions& o)
{
    QAIC_TRY(const auto spec, read_pipeline(o.pipeline));
    QAIC_TRY(const auto host, read_host(o.host, spec));
    QAIC_TRY(const auto placement, place_on(host, spec));
    const auto folder = std::filesystem::path(o.pipeline.file).parent_path();
    std::vector<std::string> unknown;
    QAIC_TRY(
        const auto costs,
        costs_of(spec, {tsc_hz(), o.inference_us, o.slots, folder.empty() ? "." : folder.string()}, unknown));
    QAIC_TRY(const auto prediction, pipeline::predict(spec, placement, costs));
    auto text = pipeline::prediction_text(spec, prediction);
    text += "\nEstimates: cycles were measured on one machine; a stage of your own counts nothing.\n";
    for (const auto& u : unknown) text += fmt::format("unknown: {}\n", u);
    return write_text("", text);
}

} // namespace

int check_command(const CheckOptions& options)
{
    const auto done = check(options);
    return done ? exit_ok : refused(done.error());
}

} // namespace qaic_pipe
