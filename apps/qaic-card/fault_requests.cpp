// SPDX-License-Identifier: BSD-3-Clause
#include "fault_requests.hpp"
#include "card/faults.hpp"
#include "card/qsm.hpp"
#include "json_fields.hpp"

namespace card_app {
namespace {
using card_server::CardDevice;

struct Target {
    card::Card& card;
    CardDevice& device;
    [[nodiscard]] card::Faults& faults() const { return card.faults(); }
};
using Handler = Result<void> (*)(Fields&, const Target&);
struct FaultRow {
    const char* name;
    Handler handler;
};

constexpr std::uint64_t most_count = 1'000'000, most_delay_ms = 600'000;

bool on(Fields& in) { return in.flag("on", true); }
unsigned count(Fields& in) { return static_cast<unsigned>(in.number("count", 1, most_count, 1)); }
unsigned dbc(Fields& in) { return static_cast<unsigned>(in.number("dbc", 0, aic100::dbc_count - 1)); }

/// Most faults: read the fields, refuse what is wrong, then act.
template<class Act>
Result<void> when_good(const Fields& in, Act act)
{
    QAIC_CHECK(in.check());
    act();
    return {};
}

Result<card::Qsm*> firmware(const Fields& in, const Target& to)
{
    QAIC_CHECK(in.check());
    if (auto* qsm = to.faults().qsm()) return qsm;
    return fail(Code::E_STATE, "the card's management firmware does not run");
}

Result<void> sys_err(Fields& in, const Target& to)
{
    const bool reboot = in.flag("reboot", false);
    return when_good(in, [&] { to.faults().sys_err(reboot); });
}

Result<void> ssr(Fields& in, const Target& to)
{
    const auto which = dbc(in);
    const bool dump = in.flag("dump", false);
    return when_good(in, [&] { to.faults().start_ssr(which, dump); });
}

template<class T>
T word(Fields& in, const char* name, std::initializer_list<std::pair<const char*, T>> words)
{
    const auto got = in.text(name, 32);
    std::string known;
    for (const auto& [text, value] : words) {
        if (got == text) return value;
        known += (known.empty() ? "" : ", ") + std::string(text);
    }
    in.wrong(fmt::format("\"{}\" takes one of {}", name, known));
    return words.begin()->second;
}

Result<void> ras(Fields& in, const Target& to)
{
    using aic100::RasErrorType, aic100::RasSource;
    const auto source = word<RasSource>(in, "source",
                                        {{"soc_memory", RasSource::SOC_MEMORY},
                                         {"pcie", RasSource::PCIE},
                                         {"ddr", RasSource::DDR},
                                         {"system_bus1", RasSource::SYSTEM_BUS1},
                                         {"system_bus2", RasSource::SYSTEM_BUS2},
                                         {"nsp_memory", RasSource::NSP_MEMORY},
                                         {"temperature", RasSource::TEMPERATURE}});
    const auto type = word<RasErrorType>(in, "type",
                                         {{"corrected", RasErrorType::CORRECTABLE},
                                          {"uncorrected", RasErrorType::UNCORRECTABLE_NONFATAL},
                                          {"fatal", RasErrorType::UNCORRECTABLE}});
    return when_good(in, [&] { to.faults().push_ras(source, type); });
}

/// Offset of a BAR 0 register by its name in the counters, or as a number.
std::uint32_t register_offset(Fields& in)
{
    const auto name = in.text("register", 32);
    for (std::uint32_t offset = 0; offset < aic100::bar_mhi_bytes; offset += 4)
        if (card_server::bar0_register(offset) == name) return offset;
    in.wrong(fmt::format("no register \"{}\" in BAR 0", name));
    return 0;
}

Result<void> override_register(Fields& in, const Target& to)
{
    const auto offset = register_offset(in);
    const auto value = static_cast<std::uint32_t>(in.number("value", 0, UINT32_MAX));
    const auto times = static_cast<unsigned>(in.number("count", 0, most_count, 0));
    return when_good(in, [&] { to.faults().override_register(offset, value, times); });
}

Result<void> delay_ready(Fields& in, const Target& to)
{
    const auto ms = in.number("ms", 0, most_delay_ms);
    return when_good(in, [&] { to.faults().delay_ready(std::chrono::milliseconds(ms)); });
}

Result<void> fail_bhi(Fields& in, const Target& to)
{
    const auto code = static_cast<std::uint32_t>(in.number("code", 0, UINT32_MAX));
    return when_good(in, [&] { to.faults().fail_bhi(code); });
}

Result<void> image_optional(Fields& in, const Target& to)
{
    const auto id = static_cast<std::uint32_t>(in.number("image", 0, UINT32_MAX));
    return when_good(in, [&] { to.faults().image_optional(id); });
}

Result<void> remove_after(Fields& in, const Target& to)
{
    const auto accesses = static_cast<unsigned>(in.number("accesses", 1, most_count));
    return when_good(in, [&] { to.faults().remove_after(accesses); });
}

Result<void> log_line(Fields& in, const Target& to)
{
    auto text = in.text("text", 256);
    return when_good(in, [&] { to.faults().log(std::move(text)); });
}

Result<void> fail_responses(Fields& in, const Target& to)
{
    const auto which = dbc(in), times = count(in);
    const auto code = static_cast<std::uint16_t>(in.number("code", 1, UINT16_MAX));
    QAIC_TRY(auto* qsm, firmware(in, to));
    qsm->fail_responses(which, code, times);
    return {};
}

Result<void> freeze_dbc(Fields& in, const Target& to)
{
    const auto which = dbc(in);
    const bool state = on(in);
    QAIC_TRY(auto* qsm, firmware(in, to));
    qsm->freeze(which, state);
    return {};
}

Result<void> stall(Fields& in, const Target& to)
{
    const auto ms = in.number("ms", 1, most_delay_ms);
    QAIC_TRY(auto* qsm, firmware(in, to));
    if (qsm->stall(std::chrono::milliseconds(ms))) return {};
    return fail(Code::E_STATE, "the card has no timing model; give it a [card.timing] table");
}

Result<void> mute_control(Fields& in, const Target& to)
{
    const bool state = on(in);
    QAIC_TRY(auto* qsm, firmware(in, to));
    qsm->mute(state);
    return {};
}

/// Faults that are a switch: {"on": true} or false.
template<void (card::Faults::*Set)(bool)>
Result<void> toggle(Fields& in, const Target& to)
{
    const bool state = on(in);
    return when_good(in, [&] { (to.faults().*Set)(state); });
}

/// Faults that hit the next {"count": N} of something.
template<void (card::Faults::*Do)(unsigned)>
Result<void> times(Fields& in, const Target& to)
{
    const auto n = count(in);
    return when_good(in, [&] { (to.faults().*Do)(n); });
}

using card::Faults;
constexpr FaultRow fault_rows[] = {
    {"remove",
     [](Fields& in, const Target& to) { return when_good(in, [&] { to.faults().surprise_remove(); }); }},
    {"remove_after", remove_after},
    {"power_cycle",
     [](Fields& in, const Target& to) { return when_good(in, [&] { to.device.power_cycle(); }); }},
    {"sys_err", sys_err},
    {"ssr", ssr},
    {"ras", ras},
    {"override_register", override_register},
    {"restore_registers",
     [](Fields& in, const Target& to) { return when_good(in, [&] { to.faults().restore_registers(); }); }},
    {"withhold_ready", toggle<&Faults::withhold_ready>},
    {"delay_ready", delay_ready},
    {"stall_bhi", toggle<&Faults::stall_bhi>},
    {"fail_bhi", fail_bhi},
    {"mute_sahara", toggle<&Faults::mute_sahara>},
    {"image_optional", image_optional},
    {"offer_crash_dump",
     [](Fields& in, const Target& to) {
         return when_good(in, [&] { to.faults().offer_crash_dump(card::default_dump()); });
     }},
    {"ignore_reset", toggle<&Faults::ignore_reset>},
    {"drop_events", times<&Faults::drop_next_events>},
    {"duplicate_events", times<&Faults::duplicate_next_events>},
    {"freeze_events", toggle<&Faults::freeze_events>},
    {"fail_responses", fail_responses},
    {"freeze_dbc", freeze_dbc},
    {"stall", stall},
    {"mute_control", mute_control},
    {"log", log_line},
};

} // namespace

Result<void> inject(const json& request, card::Card& card, CardDevice& device)
{
    Fields in(request, {"op", "card"});
    const auto name = in.text("fault", 64);
    for (const auto& row : fault_rows)
        if (name == row.name) return row.handler(in, {card, device});
    in.wrong(fmt::format("unknown fault \"{}\"", name));
    return in.check();
}

std::vector<std::string> fault_names()
{
    std::vector<std::string> names;
    for (const auto& row : fault_rows) names.emplace_back(row.name);
    return names;
}

} // namespace card_app
