// SPDX-License-Identifier: BSD-3-Clause
// Arbitrary bytes as a report of `qaic-perf run --json`, and what is accepted compared with itself. Seeds
// (corpus/fuzz_perf_report): a small report, and some that are not quite.
#include "report_reader.hpp"
#include <cmath>
#include <cstdlib>

namespace {
using namespace qaic;

void expect_one_line(const Error& error)
{
    if (error.text.empty() || error.text.find('\n') != std::string::npos || error.text.size() > 4096)
        std::abort();
}

const std::vector<perf::Metric>& metrics_to_read()
{
    static const auto metrics = [] {
        std::vector<perf::Metric> out;
        for (const auto* name : {"throughput", "mean", "p50", "p99.99"})
            out.push_back(*perf::metric_named(name));
        return out;
    }();
    return metrics;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto metric = perf::metric_named(text); !metric) expect_one_line(metric.error());
    const auto& metrics = metrics_to_read();
    const auto report = perf::parse_report(text, metrics);
    if (!report) {
        expect_one_line(report.error());
        return 0;
    }
    if (report->values.size() != metrics.size() || report->latency.count() == 0) std::abort();
    for (const double v : report->values)
        if (!(std::isfinite(v) && v > 0)) std::abort();
    const auto same = load::compare_figures(report->values, report->values, {.resamples = 100});
    if (!same || same->verdict != load::Verdict::SAME) std::abort();
    const auto tail = load::compare_quantile(report->latency, report->latency, 0.99, {.resamples = 100});
    if (!tail)
        expect_one_line(tail.error());
    else if (tail->ratio != 1 || tail->verdict != load::Verdict::SAME || std::isnan(tail->low) ||
             std::isnan(tail->high))
        std::abort();
    return 0;
}
