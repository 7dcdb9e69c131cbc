// SPDX-License-Identifier: BSD-3-Clause
#include "card_server/counters.hpp"
#include "card/bar0.hpp"
#include <fmt/format.h>

namespace card_server {
namespace {

/// Name of a table's register; a row may stand for several words (MSMHWID, OEMPKHASH).
std::string in_table(std::span<const aic100::RegisterInfo> table, std::uint32_t offset)
{
    const std::pair<std::string_view, unsigned> arrays[] = {{"MSMHWID", 6}, {"OEMPKHASH", 24}};
    for (const auto& row : table) {
        if (row.offset == offset) return std::string(row.name);
        for (const auto& [name, words] : arrays)
            if (row.name == name && offset > row.offset && offset < row.offset + 4 * words)
                return fmt::format("{}[{}]", name, (offset - row.offset) / 4);
    }
    return {};
}

std::string doorbell(std::string_view name, std::uint32_t first, std::uint32_t offset)
{
    const auto at = offset - first;
    return fmt::format("{}[{}].{}", name, at / aic100::doorbell_bytes,
                       at % aic100::doorbell_bytes == 0 ? "LOW" : "HIGH");
}

} // namespace

std::string bar0_register(std::uint32_t offset)
{
    namespace layout = card::layout;
    constexpr auto doorbells = layout::channels * aic100::doorbell_bytes;
    if (auto name = in_table(aic100::mhi_registers(), offset); !name.empty()) return name;
    if (offset >= layout::bhi && offset < layout::bhie)
        if (const auto name = in_table(aic100::bhi_registers(), offset - layout::bhi); !name.empty())
            return "BHI_" + name;
    if (offset >= layout::channel_doorbells && offset < layout::channel_doorbells + doorbells)
        return doorbell("CHDB", layout::channel_doorbells, offset);
    if (offset >= layout::event_doorbells && offset < layout::event_doorbells + aic100::doorbell_bytes)
        return doorbell("ERDB", layout::event_doorbells, offset);
    return fmt::format("{:#06x}", offset);
}

Count& Counters::at(unsigned bar, std::uint64_t offset)
{
    if (bar == aic100::bar_mhi) return bar0_[offset / 4 % bar0_.size()];
    if (bar != aic100::bar_dbc) return bar4_;
    constexpr auto end = aic100::dbc_base + aic100::dbc_count * aic100::dbc_stride;
    if (offset < aic100::dbc_base || offset >= end) return bar2_other_;
    const auto in_page = offset % aic100::dbc_stride / 4;
    if (in_page >= dbc_[0].size()) return bar2_other_;
    return dbc_[(offset - aic100::dbc_base) / aic100::dbc_stride][in_page];
}

void Counters::dma(bool write, std::size_t bytes, bool done)
{
    if (!done) {
        ++dma_.refused;
        return;
    }
    ++(write ? dma_.writes : dma_.reads);
    (write ? dma_.written_bytes : dma_.read_bytes) += bytes;
}

std::vector<Counters::Named> Counters::bar0() const
{
    std::vector<Named> list;
    for (std::size_t i = 0; i < bar0_.size(); ++i)
        if (bar0_[i].any()) list.push_back({bar0_register(static_cast<std::uint32_t>(4 * i)), bar0_[i]});
    return list;
}

Count Counters::bar(unsigned bar) const
{
    Count sum;
    if (bar == aic100::bar_mhi)
        for (const auto& count : bar0_) sum += count;
    if (bar == aic100::bar_spare) sum = bar4_;
    if (bar != aic100::bar_dbc) return sum;
    sum = bar2_other_;
    for (const auto& dbc : dbc_)
        for (const auto& count : dbc) sum += count;
    return sum;
}

} // namespace card_server
