// SPDX-License-Identifier: BSD-3-Clause
#include "start_eal.hpp"
#include "driver_path.hpp"
#include "host.hpp"
#include <algorithm>
#include <unistd.h>

namespace qaic_pipe {

std::vector<std::string> devices_of(const RunOptions& options, const pipeline::PipelineSpec& spec)
{
    const bool infers =
        std::any_of(spec.stages.begin(), spec.stages.end(), [](const auto& s) { return s.kind == "infer"; });
    if (options.devices.empty() && infers && !eal::has_option(options.eal, {"--vdev", "-a", "--allow"}))
        return {"ml_qaic_emu0"};
    return options.devices;
}

Result<eal::Eal> start_eal(const RunOptions& options, const std::vector<std::string>& devices,
                           const place::Placement& placement)
{
    std::string driver;
    if (!devices.empty() || !options.driver.empty()) {
        QAIC_TRY(driver, eal::find_driver(options.driver, eal::program_folder()));
    }
    const auto arguments = eal::eal_arguments({"qaic-pipe",
                                               devices,
                                               driver,
                                               {},
                                               ::getpid(),
                                               eal::free_hugepage_bytes(),
                                               options.eal,
                                               placement.lcores});
    for (const auto& note : arguments.notes) fmt::print(stderr, "qaic-pipe: note: {}\n", note);
    auto started = eal::Eal::start(arguments);
    if (!started && driver.empty() && !devices.empty())
        return fail(started.error().code,
                    "{}; no driver plugin was found beside this program: build it, or give --driver FILE",
                    started.error().text);
    return started;
}

} // namespace qaic_pipe
