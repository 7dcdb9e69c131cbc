// SPDX-License-Identifier: BSD-3-Clause
#include "report_reader.hpp"

#include "load/percentiles.hpp"
#include "tensor_file.hpp"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

namespace qaic::perf {

namespace {

using ForeignJson = nlohmann::json;
constexpr std::size_t max_buckets = 65536, max_text = 200;

struct NamedMetric {
    std::string_view name, pointer, unit;
    load::Better better;
};
constexpr NamedMetric named_metrics[] = {
    {"throughput", "/throughput/inferences_per_s", "/s", load::Better::HIGHER},
    {"mean", "/latency/mean", "ns", load::Better::LOWER},
    {"max", "/latency/max", "ns", load::Better::LOWER},
    {"cycles", "/cycles/per_op", "cycles/op", load::Better::LOWER},
};

constexpr std::uint64_t report_schema = 2; // report_json.cpp writes it
constexpr std::array<std::string_view, 6> setting_pointers{"/model/name",       "/environment/cpu",
                                                           "/environment/dpdk", "/options/queue_depth",
                                                           "/options/burst",    "/options/device"};
constexpr std::array<std::string_view, 6> setting_titles{"model",       "CPU",   "DPDK",
                                                         "queue depth", "burst", "device"};

/// Foreign text on one line of bounded length.
std::string shown(std::string_view text)
{
    std::string out(text.substr(0, max_text));
    for (auto& c : out)
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
    return out;
}

/// What lies at a pointer, or nullptr.
const ForeignJson* find(const ForeignJson& root, std::string_view pointer)
{
    const ForeignJson* at = &root;
    while (!pointer.empty()) {
        const auto end = pointer.find('/', 1);
        const std::string key(pointer.substr(1, end == std::string_view::npos ? end : end - 1));
        const auto found = at->is_object() ? at->find(key) : at->end();
        if (!at->is_object() || found == at->end()) return nullptr;
        at = &*found;
        pointer = end == std::string_view::npos ? std::string_view{} : pointer.substr(end);
    }
    return at;
}

Result<double> number_at(const ForeignJson& root, std::string_view pointer)
{
    const auto* value = find(root, pointer);
    if (value == nullptr) return fail(Code::E_FORMAT, "{}: missing", pointer);
    if (!value->is_number())
        return fail(Code::E_FORMAT, "{}: is {}, not a number", pointer, value->type_name());
    const auto number = value->get<double>();
    if (!(std::isfinite(number) && number > 0))
        return fail(Code::E_FORMAT, "{}: is {}, not above 0: nothing was measured", pointer, number);
    return number;
}

Result<load::Distribution::Bucket> bucket_of(const ForeignJson& entry, std::size_t i)
{
    if (!entry.is_array() || entry.size() != 3 || !entry[0].is_number() || !entry[1].is_number() ||
        !entry[2].is_number_unsigned())
        return fail(Code::E_FORMAT, "/latency/histogram: entry {} is not [lowest, highest, count]", i);
    return load::Distribution::Bucket{entry[0].get<double>(), entry[1].get<double>(),
                                      entry[2].get<std::uint64_t>()};
}

Result<load::Distribution> latency_of(const ForeignJson& root)
{
    constexpr std::string_view pointer = "/latency/histogram";
    const auto* list = find(root, pointer);
    if (list == nullptr) return fail(Code::E_FORMAT, "{}: missing", pointer);
    if (!list->is_array()) return fail(Code::E_FORMAT, "{}: is {}, not a list", pointer, list->type_name());
    if (list->size() > max_buckets)
        return fail(Code::E_LIMIT, "{}: {} buckets, limit {}", pointer, list->size(), max_buckets);
    std::vector<load::Distribution::Bucket> buckets;
    buckets.reserve(list->size());
    for (std::size_t i = 0; i < list->size(); ++i) {
        QAIC_TRY(const auto bucket, bucket_of((*list)[i], i));
        buckets.push_back(bucket);
    }
    auto latency = load::Distribution::of(buckets);
    if (!latency) return fail_at(pointer, latency.error());
    if (latency->count() == 0) return fail(Code::E_FORMAT, "{}: nothing was measured", pointer);
    return latency;
}

Result<void> check_kind(const ForeignJson& root)
{
    if (!root.is_object()) return fail(Code::E_FORMAT, "is {}, not a report", root.type_name());
    const auto* version = find(root, "/schema_version");
    if (version == nullptr)
        return fail(Code::E_FORMAT, "/schema_version: missing: no report of qaic-perf run --json");
    if (!version->is_number_unsigned() || version->get<std::uint64_t>() != report_schema)
        return fail(Code::E_FORMAT, "/schema_version: is {}, this tool reads {}",
                    version->is_primitive()
                        ? shown(version->dump(-1, ' ', true, ForeignJson::error_handler_t::replace))
                        : std::string(version->type_name()),
                    report_schema);
    const auto* ok = find(root, "/ok");
    if (ok == nullptr || !ok->is_boolean())
        return fail(Code::E_FORMAT, "/ok: missing, or neither true nor false");
    if (ok->get<bool>()) return {};
    const auto* problems = find(root, "/problems");
    const bool told =
        problems != nullptr && problems->is_array() && !problems->empty() && problems->front().is_string();
    return fail(Code::E_FORMAT, "the run failed: {}",
                told ? shown(problems->front().get_ref<const std::string&>()) : "no reason is given");
}

std::string setting_of(const ForeignJson& root, std::string_view pointer)
{
    const auto* value = find(root, pointer);
    if (value == nullptr || !value->is_primitive()) return {};
    return shown(value->dump(-1, ' ', true, ForeignJson::error_handler_t::replace));
}

Result<ReportFigures> figures_from(const ForeignJson& root, std::span<const Metric> metrics)
{
    QAIC_CHECK(check_kind(root));
    ReportFigures out;
    for (const auto& m : metrics) {
        if (!m.pointer.empty()) {
            QAIC_TRY(const double value, number_at(root, m.pointer));
            out.values.push_back(value);
            continue;
        }
        if (out.latency.count() == 0) {
            QAIC_TRY(out.latency, latency_of(root));
        }
        const double value = out.latency.value(m.fraction);
        if (!(value > 0))
            return fail(Code::E_FORMAT, "/latency/histogram: its {} is {}, not above 0", m.name, value);
        out.values.push_back(value);
    }
    for (const auto pointer : setting_pointers) out.setting.push_back(setting_of(root, pointer));
    return out;
}

} // namespace

Result<Metric> metric_named(std::string_view name)
{
    for (const auto& m : named_metrics)
        if (name == m.name) return Metric{std::string(name), m.better, std::string(m.pointer), 0, m.unit};
    const auto fraction = load::percentile_named(name);
    if (!fraction)
        return fail(Code::E_INVAL,
                    "--metric {}: unknown; throughput, mean, max, cycles or a percentile as p99.9",
                    shown(name));
    return Metric{std::string(name), load::Better::LOWER, "", *fraction, "ns"};
}

Result<ReportFigures> parse_report(std::string_view json, std::span<const Metric> metrics)
{
    ForeignJson root;
    try {
        root = ForeignJson::parse(json);
    } catch (const ForeignJson::parse_error& e) {
        return fail(Code::E_FORMAT, "is no JSON: wrong at byte {}", e.byte);
    } catch (const ForeignJson::exception& e) { // a number out of range
        return fail(Code::E_FORMAT, "is no JSON that can be read: {}", shown(e.what()));
    }
    return figures_from(root, metrics);
}

Result<ReportFigures> read_report(const std::string& path, std::span<const Metric> metrics)
{
    QAIC_TRY(const auto bytes, read_file(path, max_report_bytes));
    auto figures = parse_report({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, metrics);
    if (!figures) return fail_at(path, figures.error());
    return figures;
}

std::span<const std::string_view> setting_names() { return setting_titles; }

} // namespace qaic::perf
