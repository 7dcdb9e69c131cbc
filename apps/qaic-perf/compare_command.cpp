// SPDX-License-Identifier: BSD-3-Clause
#include "compare_command.hpp"
#include "commands.hpp"

#include "report_reader.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace qaic::perf {

namespace {

constexpr std::size_t max_reports = 1000; ///< a side

struct Side {
    std::vector<ReportFigures> reports;
    [[nodiscard]] std::vector<double> values(std::size_t metric) const
    {
        std::vector<double> out;
        for (const auto& r : reports) out.push_back(r.values[metric]);
        return out;
    }
};

Result<std::vector<Metric>> chosen_metrics(const CompareOptions& o)
{
    std::vector<Metric> metrics;
    for (const auto& name :
         o.metrics.empty() ? std::vector<std::string>{"throughput", "p50", "p99"} : o.metrics) {
        QAIC_TRY(auto metric, metric_named(name));
        metrics.push_back(std::move(metric));
    }
    return metrics;
}

Result<Side> read_side(const std::string& list, std::span<const Metric> metrics)
{
    Side side;
    for (std::size_t from = 0; from <= list.size();) {
        const auto comma = std::min(list.find(',', from), list.size());
        if (side.reports.size() == max_reports)
            return fail(Code::E_LIMIT, "more than {} reports on one side", max_reports);
        QAIC_TRY(auto report, read_report(list.substr(from, comma - from), metrics));
        side.reports.push_back(std::move(report));
        from = comma + 1;
    }
    return side;
}

/// Figures of different settings may well be compared, on purpose or not: it is said which ones differ.
void note_settings(const Side& a, const Side& b)
{
    const auto& first = a.reports.front().setting;
    for (std::size_t i = 0; i < first.size(); ++i)
        for (const auto* side : {&a, &b}) {
            const auto other = std::find_if(side->reports.begin(), side->reports.end(),
                                            [&](const ReportFigures& r) { return r.setting[i] != first[i]; });
            if (other == side->reports.end()) continue;
            fmt::print(stderr, "qaic-perf: note: not the same {}: {} and {}\n", setting_names()[i],
                       first[i].empty() ? "unknown" : first[i],
                       other->setting[i].empty() ? "unknown" : other->setting[i]);
            break;
        }
}

/// One report a side: its whole histogram is compared. Several: the figures of each, since runs differ by
/// more than chance within a run.
Result<load::Comparison> compare_metric(const Metric& m, std::size_t i, const Side& a, const Side& b,
                                        double threshold)
{
    const load::CompareSettings settings{.better = m.better, .threshold = threshold / 100};
    if (m.pointer.empty() && a.reports.size() == 1 && b.reports.size() == 1)
        return load::compare_quantile(a.reports[0].latency, b.reports[0].latency, m.fraction, settings);
    return load::compare_figures(a.values(i), b.values(i), settings);
}

Result<bool> compare_sides(const CompareOptions& o) ///< true: B is worse in something
{
    if (!(o.threshold >= 0 && o.threshold <= 500)) // CLI::Range lets "nan" through
        return fail(Code::E_INVAL, "--threshold {}: not between 0 and 500", o.threshold);
    QAIC_TRY(const auto metrics, chosen_metrics(o));
    QAIC_TRY(const auto a, read_side(o.first, metrics));
    QAIC_TRY(const auto b, read_side(o.second, metrics));
    note_settings(a, b);
    bool worse = false;
    for (std::size_t i = 0; i < metrics.size(); ++i) {
        QAIC_TRY(const auto c, compare_metric(metrics[i], i, a, b, o.threshold));
        fmt::print("{:<10} A {:.6g} {}, B {:.6g} {}; {}\n", metrics[i].name, c.first, metrics[i].unit,
                   c.second, metrics[i].unit, load::describe(c, "A", "B"));
        worse = worse || c.verdict == load::Verdict::WORSE;
    }
    return worse;
}

} // namespace

void add_compare_options(CLI::App& command, CompareOptions& o)
{
    command.add_option("A", o.first, "report of qaic-perf run --json, or several: A1.json,A2.json")
        ->required()
        ->type_name("FILE[,FILE]");
    command.add_option("B", o.second, "what to compare with A")->required()->type_name("FILE[,FILE]");
    command
        .add_option("--metric", o.metrics,
                    "throughput, mean, max, cycles, or a percentile as p99.9 (default: throughput,p50,p99)")
        ->delimiter(',')
        ->type_name("NAME[,NAME]");
    command.add_option("--threshold", o.threshold, "percent; a smaller difference is none")
        ->capture_default_str()
        ->type_name("P");
    command.footer("Exit status: 0 the same or better, 1 worse, 2 not to be compared.");
}

int compare_command(const CompareOptions& options)
{
    const auto worse = compare_sides(options);
    if (!worse) {
        fmt::print(stderr, "qaic-perf: {}\n", worse.error().message());
        return 2;
    }
    return *worse ? 1 : 0;
}

Command add_compare(CLI::App& program)
{
    auto* app = program.add_subcommand("compare", "two reports of run --json: is B as good as A?");
    auto options = std::make_shared<CompareOptions>();
    add_compare_options(*app, *options);
    return {app, [options](const std::vector<std::string>&) { return compare_command(*options); }};
}

} // namespace qaic::perf
