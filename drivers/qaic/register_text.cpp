// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/register_text.hpp"
#include "aic100/regs/registers.hpp"
#include <rte_byteorder.h>
#include <rte_io.h>

namespace qaic {
namespace {
using namespace aic100;

enum class Block : std::uint8_t { MHI, BHI };

std::string_view state_name(std::uint32_t v) { return to_string(static_cast<MhiState>(v)); }
std::string_view env_name(std::uint32_t v) { return to_string(static_cast<ExecEnv>(v)); }

/// A field of a register; `name_of` where its values have names.
struct FieldRow {
    Block block;
    std::uint32_t offset;
    std::string_view name;
    Field field;
    std::string_view (*name_of)(std::uint32_t) = nullptr;
};
constexpr FieldRow field_rows[] = {
    {Block::MHI, mhi_reg::MHICFG, "channels", mhicfg_nch},
    {Block::MHI, mhi_reg::MHICFG, "hw_channels", mhicfg_nhwch},
    {Block::MHI, mhi_reg::MHICFG, "event_rings", mhicfg_ner},
    {Block::MHI, mhi_reg::MHICFG, "hw_event_rings", mhicfg_nhwer},
    {Block::MHI, mhi_reg::MHICTRL, "state", mhictrl_state, state_name},
    {Block::MHI, mhi_reg::MHICTRL, "reset", mhictrl_reset},
    {Block::MHI, mhi_reg::MHISTATUS, "state", mhistatus_state, state_name},
    {Block::MHI, mhi_reg::MHISTATUS, "syserr", mhistatus_syserr},
    {Block::MHI, mhi_reg::MHISTATUS, "ready", mhistatus_ready},
    {Block::MHI, mhi_reg::SOC_RESET_REQ, "reset", soc_reset_bit},
    {Block::BHI, bhi_reg::EXECENV, "env", Field{31, 0}, env_name},
    {Block::BHI, bhi_reg::STATUS, "state", bhi_status_state},
    {Block::BHI, bhi_reg::STATUS, "session", bhi_session},
};

std::string fields_of(Block block, std::uint32_t offset, std::uint32_t value)
{
    std::string out;
    if (value == all_ones) return " no answer";
    for (const auto& row : field_rows) {
        if (row.block != block || row.offset != offset) continue;
        const auto v = row.field.get(value);
        out += row.name_of != nullptr ? fmt::format(" {}={}", row.name, row.name_of(v))
                                      : fmt::format(" {}={}", row.name, v);
    }
    return out;
}

void append(std::string& out, Bus& bus, Block block, std::string_view prefix, std::uint32_t base,
            std::span<const RegisterInfo> table)
{
    for (const auto& r : table) {
        const auto at = std::uint64_t{base} + r.offset; // a base the card chose
        if (r.access.find('R') == r.access.npos || at % 4 != 0 || at + 4 > bus.mhi_bytes()) continue;
        const auto value = bus.mhi_read32(static_cast<std::uint32_t>(at));
        out +=
            fmt::format("  {}.{:<18} {:#010x}{}\n", prefix, r.name, value, fields_of(block, r.offset, value));
    }
}

} // namespace

std::string mhi_registers_text(Bus& bus)
{
    std::string out;
    append(out, bus, Block::MHI, "mhi", 0, mhi_registers());
    append(out, bus, Block::BHI, "bhi", bus.mhi_read32(mhi_reg::BHIOFF), bhi_registers());
    return out;
}

DbcRegisters read_dbc_registers(Bus& bus, unsigned dbc)
{
    DbcRegisters out;
    const std::uint64_t base = dbc_offset(dbc);
    if (dbc >= dbc_count || base + dbc_stride > bus.dbc_bytes()) return out;
    const auto read = [&](std::uint32_t offset) {
        return rte_le_to_cpu_32(rte_read32(bus.dbc_window() + base + offset));
    };
    out.reqhp = read(dbc_reg::REQHP), out.reqtp = read(dbc_reg::REQTP);
    out.rsphp = read(dbc_reg::RSPHP), out.rsptp = read(dbc_reg::RSPTP);
    return out;
}

std::string to_text(const DbcRegisters& r)
{
    const std::uint32_t values[] = {r.reqhp, r.reqtp, r.rsphp, r.rsptp};
    constexpr std::uint32_t offsets[] = {dbc_reg::REQHP, dbc_reg::REQTP, dbc_reg::RSPHP, dbc_reg::RSPTP};
    std::string out;
    for (const auto& info : dbc_registers())
        for (std::size_t i = 0; i < std::size(offsets); ++i)
            if (offsets[i] == info.offset)
                out += fmt::format("{}{}={}", out.empty() ? "" : " ", info.name,
                                   values[i] == all_ones ? "no answer" : std::to_string(values[i]));
    return out;
}

} // namespace qaic
