// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/metrics/openmetrics.hpp"
#include "pipeline/metrics/clean_text.hpp"
#include "pipeline/metrics/families.hpp"
#include <cmath>
#include <fmt/format.h>
#include <iterator>

namespace pipeline::metrics {
namespace {

std::string text_of(Number value)
{
    if (const auto* whole = std::get_if<std::uint64_t>(&value)) return fmt::format("{}", *whole);
    const double v = std::get<double>(value);
    if (std::isnan(v)) return "NaN"; // without the sign that fmt shows
    if (std::isinf(v)) return v > 0 ? "+Inf" : "-Inf";
    return fmt::format("{}", v); // as many digits as tell it from every other
}

void head(std::string& out, const Family& f)
{
    auto to = std::back_inserter(out);
    fmt::format_to(to, "# TYPE {} {}\n", f.name, word_of(f.type));
    if (!f.unit.empty()) fmt::format_to(to, "# UNIT {} {}\n", f.name, f.unit);
    fmt::format_to(to, "# HELP {} {}\n", f.name, escaped(f.help));
}

void sample(std::string& out, const Family& f, const Labels& labels, Number value, std::string_view suffix)
{
    auto to = std::back_inserter(out);
    fmt::format_to(to, "{}{}{{", f.name, suffix.empty() ? suffix_of(f.type) : suffix);
    const char* comma = "";
    for (const auto& l : labels) {
        fmt::format_to(to, "{}{}=\"{}\"", comma, l.name, escaped(l.value));
        comma = ",";
    }
    fmt::format_to(to, "}} {}\n", text_of(value));
}

} // namespace

// All samples of one family stand together, whatever pipeline they are of: the format wants it so.
std::string openmetrics(std::span<const PipelineSnapshot> pipelines)
{
    std::string out;
    for (const auto& f : families()) {
        head(out, f);
        for (const auto& p : pipelines)
            f.read(p, [&](const Labels& labels, Number value, std::string_view suffix) {
                sample(out, f, labels, value, suffix);
            });
    }
    return out + "# EOF\n";
}

} // namespace pipeline::metrics
