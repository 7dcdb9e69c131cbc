// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/metrics/telemetry_reply.hpp"
#include <cmath>

namespace pipeline::metrics {
namespace {

bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// What the library takes for a name.
std::string name_of(std::string_view name)
{
    std::string out(name.substr(0, RTE_TEL_MAX_STRING_LEN - 1));
    for (auto& c : out)
        if (!is_word(c)) c = '_';
    return out;
}

std::uint64_t ns_of(double us) { return us > 0 ? static_cast<std::uint64_t>(std::llround(us * 1000)) : 0; }

} // namespace

Dict::Dict(rte_tel_data* data) : data_(data) { complete_ = rte_tel_data_start_dict(data) == 0; }

Dict& Dict::number(std::string_view name, std::uint64_t value)
{
    complete_ = rte_tel_data_add_dict_uint(data_, name_of(name).c_str(), value) == 0 && complete_;
    return *this;
}

Dict& Dict::text(std::string_view name, std::string_view value)
{
    std::string shown(value.substr(0, RTE_TEL_MAX_STRING_LEN - 1));
    for (auto& c : shown)
        if (c < ' ' || c > '~') c = '.';
    complete_ = rte_tel_data_add_dict_string(data_, name_of(name).c_str(), shown.c_str()) == 0 && complete_;
    return *this;
}

Dict& Dict::child(std::string_view name, rte_tel_data* child, bool complete)
{
    const int added = rte_tel_data_add_dict_container(data_, name_of(name).c_str(), child, 0);
    if (added != 0) rte_tel_data_free(child);
    complete_ = added == 0 && complete && complete_;
    return *this;
}

Dict& Dict::nanoseconds(std::string_view name, const Percentiles& us)
{
    return dict(name, [&](Dict& inner) {
        inner.number("samples", us.samples);
        if (us.samples == 0) return;
        inner.number("p50", ns_of(us.p50)).number("p99", ns_of(us.p99));
        inner.number("p99_9", ns_of(us.p999)).number("max", ns_of(us.highest));
    });
}

Dict& Dict::counts(std::string_view name, const std::vector<Count>& counts)
{
    return dict(name, [&](Dict& inner) {
        for (const auto& c : counts) inner.number(c.name, c.value);
    });
}

} // namespace pipeline::metrics
