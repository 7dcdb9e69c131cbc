// SPDX-License-Identifier: BSD-3-Clause
#include "stats_json.hpp"
#include "card/faults.hpp"
#include "card/qsm.hpp"
#include <fmt/format.h>

namespace card_app {
namespace {
using card_server::Count;
using card_server::Counters;
using nlohmann::json;

json of(const Count& count) { return {{"reads", count.reads}, {"writes", count.writes}}; }

json bar0(const Counters& counters)
{
    auto all = of(counters.bar(aic100::bar_mhi));
    all["registers"] = json::object();
    for (const auto& [name, count] : counters.bar0()) all["registers"][name] = of(count);
    return all;
}

json bar2(const Counters& counters)
{
    auto all = of(counters.bar(aic100::bar_dbc));
    const auto registers = aic100::dbc_registers();
    auto &sums = all["registers"] = json::object(), &dbcs = all["dbcs"] = json::object();
    for (const auto& row : registers) {
        Count sum;
        for (unsigned dbc = 0; dbc < aic100::dbc_count; ++dbc) {
            const auto& count = counters.dbc(dbc)[row.offset / 4];
            sum += count;
            if (count.any()) dbcs[std::to_string(dbc)][std::string(row.name)] = of(count);
        }
        sums[std::string(row.name)] = of(sum);
    }
    all["other"] = of(counters.bar2_other());
    return all;
}

json msi(const Counters& counters)
{
    std::uint64_t total = 0;
    json vectors = json::object();
    for (std::size_t i = 0; i < counters.msi().size(); ++i) {
        total += counters.msi()[i];
        if (counters.msi()[i] != 0) vectors[std::to_string(i)] = counters.msi()[i];
    }
    return {{"total", total}, {"vectors", vectors}};
}

json dbcs(card::Card& card)
{
    json list = json::object();
    const auto* qsm = card.faults().qsm();
    for (unsigned i = 0; qsm != nullptr && i < aic100::dbc_count; ++i)
        if (const auto view = qsm->dbc(i); view.active)
            list[std::to_string(i)] = {
                {"elements", view.elements}, {"executed", view.executed}, {"pending", view.pending}};
    return list;
}

/// Shares and means since the last reset-stats; null without a timing model.
json timing(card::Card& card)
{
    auto* qsm = card.faults().qsm();
    const auto v = qsm != nullptr ? qsm->timing() : std::nullopt;
    if (!v) return {};
    return {{"window_us", static_cast<double>(v->window.count()) / 1e3},
            {"inferences", v->computed},
            {"slots", v->slots},
            {"busy", v->busy},
            {"waiting", v->waiting},
            {"mean_busy", v->mean_busy},
            {"all_busy_share", v->all_busy},
            {"mean_waiting", v->mean_waiting},
            {"link_in_share", v->link_in},
            {"link_out_share", v->link_out},
            {"stall_left_us", static_cast<double>(v->stall_left.count()) / 1e3}};
}

const char* name_of(card::ServiceTime service)
{
    switch (service) {
    case card::ServiceTime::FIXED: return "fixed";
    case card::ServiceTime::EXPONENTIAL: return "exponential";
    case card::ServiceTime::LOGNORMAL: return "lognormal";
    }
    return "?";
}

/// What the card was told to be, in the words of its configuration file.
json configuration(const card::CardConfig& c)
{
    json out = {{"nsps", c.nsps}, {"ddr_bytes", c.ddr_bytes}};
    if (const auto& t = c.timing)
        out["timing"] = {{"service", name_of(t->service)},
                         {"mean_us", static_cast<double>(t->mean.count()) / 1e3},
                         {"spread_us", static_cast<double>(t->spread.count()) / 1e3},
                         {"slots", t->slots},
                         {"link_in_bytes_per_s", t->in_bytes_per_s},
                         {"link_out_bytes_per_s", t->out_bytes_per_s},
                         {"copy", t->copy},
                         {"seed", t->seed}};
    return out;
}

} // namespace

json card_stats(card::Card& card, card_server::CardDevice& device)
{
    const auto& counters = device.counters();
    const auto &b0 = counters.bar(aic100::bar_mhi), &b2 = counters.bar(aic100::bar_dbc),
               &b4 = counters.bar(aic100::bar_spare);
    const auto& dma = counters.dma();
    const auto offset = card.faults().time_offset_us();
    return {
        {"stage", card::to_string(card.stage())},
        {"time", {{"boot_us", card.faults().boot_time_us()}, {"offset_us", offset ? json(*offset) : json()}}},
        {"mmio",
         {{"reads", b0.reads + b2.reads + b4.reads},
          {"writes", b0.writes + b2.writes + b4.writes},
          {"bar0", bar0(counters)},
          {"bar2", bar2(counters)},
          {"bar4", of(b4)}}},
        {"config", of(counters.config())},
        {"msi", msi(counters)},
        {"dma",
         {{"reads", dma.reads},
          {"writes", dma.writes},
          {"read_bytes", dma.read_bytes},
          {"written_bytes", dma.written_bytes},
          {"refused", dma.refused}}},
        {"active_dbcs", dbcs(card)},
        {"timing", timing(card)}};
}

json with_identity(json stats, unsigned number, const card_server::ServedCard& served)
{
    const auto connections = served.connections();
    stats["card"] = number;
    stats["socket"] = served.socket();
    stats["device"] = fmt::format("{:04x}:{:04x}", aic100::pci_vendor, served.config().pci_device);
    stats["serial"] = served.config().board_serial;
    stats["trap"] = served.options().trap;
    stats["configuration"] = configuration(served.config());
    stats["attached"] = served.attached();
    stats["connections"] = {
        {"accepted", connections.accepted}, {"refused", connections.refused}, {"broken", connections.broken}};
    return stats;
}

} // namespace card_app
