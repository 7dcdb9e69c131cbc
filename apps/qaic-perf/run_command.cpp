// SPDX-License-Identifier: BSD-3-Clause
// qaic-perf run: one measurement, outputs verified.
#include "commands.hpp"
#include "run_outputs.hpp"
#include "run_phases.hpp"
#include "session.hpp"
#include "text_file.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>

namespace qaic::perf {

namespace {

/// Counters may have been running before we came; only the difference is ours.
DeviceCounts difference(const rte_ml_dev_stats& after, const rte_ml_dev_stats& before)
{
    return {after.enqueued_count - before.enqueued_count, after.dequeued_count - before.dequeued_count,
            after.enqueue_err_count - before.enqueue_err_count,
            after.dequeue_err_count - before.dequeue_err_count};
}

Result<std::unique_ptr<Report>> run(const RunOptions& options)
{
    QAIC_TRY(const auto session, Session::start(options));
    auto r = session->report();
    auto& site = session->site();
    QAIC_TRY(const auto before, site.stats());
    QAIC_CHECK(run_phases(*session, *r));
    QAIC_TRY(const auto after, site.stats());
    r->counted = difference(after, before);
    judge(*r);
    if (auto e = session->close(); !e) r->problems.push_back(e.error().message());
    return r;
}

Result<void> write_all(const Report& r)
{
    QAIC_CHECK(write_json(r.options, to_json(r)));
    if (!r.options.output.empty()) QAIC_CHECK(write_file("--output", r.options.output, r.outputs));
    return write_outputs(r);
}

int run_command(const RunOptions& options)
{
    if (auto e = check_outputs(options); !e) return failed(e.error());
    const auto report = run(options);
    if (!report) return failed(report.error());
    print_text(**report);
    for (const auto& warning : (*report)->warnings) fmt::print(stderr, "qaic-perf: warning: {}\n", warning);
    for (const auto& problem : (*report)->problems) fmt::print(stderr, "qaic-perf: {}\n", problem);
    if (auto e = write_all(**report); !e) return failed(e.error());
    return (*report)->ok() ? 0 : 1;
}

} // namespace

int refused(const std::string& text)
{
    fmt::print(stderr, "qaic-perf: {}\n", text);
    return 2;
}

Command add_run(CLI::App& program)
{
    auto* app = program.add_subcommand("run", "one measurement: a closed loop, or an open one with --rate");
    auto options = std::make_shared<RunOptions>();
    add_run_options(*app, *options);
    add_stop_options(*app, *options);
    return {app, [options](const std::vector<std::string>& eal) {
                options->eal = eal;
                if (auto settled = settle(*options); !settled) return refused(settled.error().text);
                return run_command(*options);
            }};
}

} // namespace qaic::perf
