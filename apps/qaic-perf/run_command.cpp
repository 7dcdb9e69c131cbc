// SPDX-License-Identifier: BSD-3-Clause
#include "run_command.hpp"

#include "base/clock.hpp"
#include "driver_path.hpp"
#include "eal_setup.hpp"
#include "environment.hpp"
#include "host.hpp"
#include "run_phases.hpp"
#include "site.hpp"
#include "text_file.hpp"

#include <cstdio>
#include <unistd.h>

namespace qaic::perf {

namespace {

Result<Eal> start_eal(Report& r)
{
    QAIC_TRY(const auto driver, find_driver(r.options.driver, program_folder()));
    const auto arguments = eal_arguments({r.options.devices, driver, allowed_cpus(r.options.lcores),
                                          ::getpid(), free_hugepage_bytes(), r.options.eal});
    for (const auto& note : arguments.notes) fmt::print(stderr, "qaic-perf: note: {}\n", note);
    const auto start = SteadyClock().now();
    auto eal = Eal::start(arguments);
    r.eal_ms = milliseconds_since(start);
    if (!eal && driver.empty())
        return fail(eal.error().code,
                    "{}; no driver plugin was found beside this program: build it, or give --driver FILE",
                    eal.error().text);
    return eal;
}

/// Counters may have been running before we came; only the difference is ours.
DeviceCounts difference(const rte_ml_dev_stats& after, const rte_ml_dev_stats& before)
{
    return {after.enqueued_count - before.enqueued_count, after.dequeued_count - before.dequeued_count,
            after.enqueue_err_count - before.enqueue_err_count,
            after.dequeue_err_count - before.dequeue_err_count};
}

void describe(Report& r, Site& site, const RunFiles& files)
{
    const auto& card = site.cards().front();
    const auto& model = card.models.front();
    r.device = card.device.facts();
    r.boot = card.device.xstats("boot_");
    r.model = model.facts();
    r.model_bytes = files.models.front().size();
    r.load_ms = model.load_ms();
    r.start_ms = model.start_ms();
}

Result<void> run(RunFiles& files, Report& r)
{
    if (allowed_cpus(r.options.lcores).size() < r.options.lcores &&
        !has_option(r.options.eal, {"-l", "-c", "--lcores"}))
        return fail(Code::E_LIMIT, "--lcores {}: this process may run on {} CPUs", r.options.lcores,
                    allowed_cpus(r.options.lcores).size());
    QAIC_TRY(const auto eal, start_eal(r));
    r.environment = describe_environment();
    const auto start = SteadyClock().now();
    QAIC_TRY(auto site, Site::open(r.options, files));
    r.open_ms = milliseconds_since(start);
    describe(r, site, files);
    QAIC_TRY(const auto tensors, to_tensors(r.options, r.model, files));
    r.tensors = tensors.input.count;
    QAIC_TRY(const auto before, site.stats());
    QAIC_CHECK(run_phases(site, tensors, files.due, r));
    QAIC_TRY(const auto after, site.stats());
    r.counted = difference(after, before);
    judge(r);
    if (auto e = site.close(); !e) r.problems.push_back(e.error().message());
    return {};
}

int failed(const Error& error)
{
    fmt::print(stderr, "qaic-perf: {}\n", error.message());
    return 1;
}

} // namespace

int run_command(const RunOptions& options)
{
    auto files = read_run_files(options);
    if (!files) return failed(files.error());
    const std::pair<const char*, const std::string&> written[] = {{"--json", options.json},
                                                                  {"--output", options.output}};
    for (const auto& [option, path] : written)
        if (!path.empty())
            if (auto e = check_writable(option, path); !e) return failed(e.error());
    const auto report = std::make_unique<Report>();
    report->options = options;
    if (auto e = run(*files, *report); !e) return failed(e.error());
    print_text(*report);
    for (const auto& problem : report->problems) fmt::print(stderr, "qaic-perf: {}\n", problem);
    if (!options.json.empty()) {
        const auto text = to_json(*report);
        if (auto e = write_file("--json", options.json, std::as_bytes(std::span(text))); !e)
            return failed(e.error());
    }
    if (!options.output.empty())
        if (auto e = write_file("--output", options.output, report->outputs); !e) return failed(e.error());
    return report->ok() ? 0 : 1;
}

} // namespace qaic::perf
