// SPDX-License-Identifier: BSD-3-Clause
#include "config_timing.hpp"

namespace card_app {
namespace {
using card::ServiceTime, card::TimingModel;

bool service(Node node, ServiceTime& to)
{
    const auto value = node.value_exact<std::string>();
    if (value == "fixed")
        to = ServiceTime::FIXED;
    else if (value == "exponential")
        to = ServiceTime::EXPONENTIAL;
    else if (value == "lognormal")
        to = ServiceTime::LOGNORMAL;
    else
        return false;
    return true;
}

constexpr std::int64_t most_bytes_per_s = 1'000'000'000'000;

constexpr Key<TimingModel> timing_keys[] = {
    {"service", "\"fixed\", \"exponential\" or \"lognormal\"",
     [](Node n, TimingModel& m) { return service(n, m.service); }},
    {"mean_us", "0 to 60000000 microseconds",
     [](Node n, TimingModel& m) { return microseconds(n, card::longest_service, m.mean); }},
    {"spread_us", "0 to 60000000 microseconds",
     [](Node n, TimingModel& m) { return microseconds(n, card::longest_service, m.spread); }},
    {"slots", "1 to 16384", [](Node n, TimingModel& m) { return integer(n, 1, card::most_slots, m.slots); }},
    {"link_in_bytes_per_s", "0 (infinitely fast) to 10^12",
     [](Node n, TimingModel& m) { return integer(n, 0, most_bytes_per_s, m.in_bytes_per_s); }},
    {"link_out_bytes_per_s", "0 (infinitely fast) to 10^12",
     [](Node n, TimingModel& m) { return integer(n, 0, most_bytes_per_s, m.out_bytes_per_s); }},
    {"copy", "true or false", [](Node n, TimingModel& m) { return boolean(n, m.copy); }},
    {"seed", "0 to 4294967295", [](Node n, TimingModel& m) { return integer(n, 0, 0xffffffff, m.seed); }},
};

} // namespace

Result<TimingModel> read_timing(Node node, const std::string& file, unsigned number)
{
    const auto* table = node.as_table();
    if (table == nullptr) return at(file, node.source().begin, "timing takes a table: [card.timing]");
    TimingModel model;
    for (const auto& [key, value] : *table)
        QAIC_CHECK(read_key<TimingModel>(file, key, value, timing_keys, model));
    if (model.spread != Nanos{0} && model.service != ServiceTime::LOGNORMAL)
        return at(file, table->get("spread_us")->source().begin,
                  "only service = \"lognormal\" has a spread_us");
    model.seed += number;
    return model;
}

} // namespace card_app
