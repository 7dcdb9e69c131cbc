// SPDX-License-Identifier: BSD-3-Clause
#include "load/csv.hpp"
#include <fmt/format.h>

namespace qaic::load {

namespace {

struct CsvColumn {
    const char* title;
    std::string (*text)(const Figures&);
};

constexpr CsvColumn csv_columns[] = {
    {"offered_per_s", [](const Figures& f) { return fmt::format("{}", f.offered); }},
    {"achieved_per_s", [](const Figures& f) { return fmt::format("{}", f.achieved); }},
    {"seconds", [](const Figures& f) { return fmt::format("{}", f.seconds); }},
    {"succeeded", [](const Figures& f) { return fmt::format("{}", f.succeeded); }},
    {"failed", [](const Figures& f) { return fmt::format("{}", f.failed); }},
    {"late", [](const Figures& f) { return fmt::format("{}", f.late); }},
    {"unfinished", [](const Figures& f) { return fmt::format("{}", f.unfinished); }},
    {"latency_mean_us", [](const Figures& f) { return fmt::format("{}", f.mean_us); }},
    {"latency_p50_us", [](const Figures& f) { return fmt::format("{}", f.latency_us[0]); }},
    {"latency_p90_us", [](const Figures& f) { return fmt::format("{}", f.latency_us[1]); }},
    {"latency_p99_us", [](const Figures& f) { return fmt::format("{}", f.latency_us[2]); }},
    {"latency_p99.9_us", [](const Figures& f) { return fmt::format("{}", f.latency_us[3]); }},
    {"latency_p99.99_us", [](const Figures& f) { return fmt::format("{}", f.latency_us[4]); }},
    {"latency_max_us", [](const Figures& f) { return fmt::format("{}", f.max_us); }},
    {"service_p99_us", [](const Figures& f) { return fmt::format("{}", f.service_p99_us); }},
    {"lateness_p99_us", [](const Figures& f) { return fmt::format("{}", f.lateness_p99_us); }},
};

std::string csv_field(const std::string& text)
{
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string out = "\"";
    for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + "\"";
}

void add_cell(std::string& line, const std::string& field)
{
    if (!line.empty()) line += ',';
    line += field;
}

} // namespace

std::string csv_header(std::span<const std::string> labels)
{
    std::string out;
    for (const auto& label : labels) add_cell(out, csv_field(label));
    for (const auto& column : csv_columns) add_cell(out, column.title);
    return out + "\n";
}

std::string csv_row(std::span<const std::string> values, const Figures& figures)
{
    std::string out;
    bool first = true;
    for (const auto& value : values) {
        out += first ? csv_field(value) : "," + csv_field(value); // the first may be empty
        first = false;
    }
    for (const auto& column : csv_columns) {
        out += (first ? "" : ",") + column.text(figures);
        first = false;
    }
    return out + "\n";
}

} // namespace qaic::load
