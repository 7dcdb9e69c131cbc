// SPDX-License-Identifier: BSD-3-Clause
#include "card/bar0.hpp"
#include <algorithm>

namespace card {
namespace mhi = aic100::mhi_reg;
namespace bhi = aic100::bhi_reg;
namespace {

constexpr std::uint32_t erdb_end = layout::event_doorbells + aic100::doorbell_bytes;

/// Bits a host write may change; registers that are not listed store the whole word.
struct WriteMask {
    std::uint32_t offset, mask;
};
constexpr WriteMask write_masks[] = {
    {mhi::MHICFG, aic100::mhicfg_ner.mask() | aic100::mhicfg_nhwer.mask()},
    {mhi::MHICTRL, aic100::mhictrl_state.mask() | aic100::mhictrl_reset.mask()},
    {mhi::SOC_RESET_REQ, 0},
    {layout::bhi_at(bhi::INTVEC), 0x1f},
    {layout::bhi_at(bhi::STATUS), aic100::bhi_status_state.mask()},
};

} // namespace

Bar0::Bar0(HostGate& gate, const Clock& clock) : gate_(gate), clock_(clock)
{
    const auto enter = [this](const aic100::RegisterInfo& reg, std::uint32_t base) {
        access_[(base + reg.offset) / 4] = reg.access == "R"   ? Access::READ
                                           : reg.access == "W" ? Access::WRITE
                                                               : Access::READ_WRITE;
    };
    for (const auto& reg : aic100::mhi_registers()) enter(reg, 0);
    for (const auto& reg : aic100::bhi_registers()) enter(reg, layout::bhi);
    for (unsigned i = 1; i < 6; ++i) access_[layout::bhi_at(bhi::MSMHWID) / 4 + i] = Access::READ;
    for (unsigned i = 1; i < 24; ++i) access_[layout::bhi_at(bhi::OEMPKHASH) / 4 + i] = Access::READ;
}

bool Bar0::access_allowed() noexcept
{
    if (accesses_left_ != 0 && --accesses_left_ == 0) gate_.cut();
    return !gate_.gone();
}

std::uint64_t Bar0::qtimer() const noexcept
{
    // 19.2 MHz of nanoseconds is x * 12 / 625; split so that it does not overflow for 500 years.
    const auto ns = static_cast<std::uint64_t>((clock_.now() - powered_on_).count());
    return ns / 625 * 12 + ns % 625 * 12 / 625;
}

std::uint32_t Bar0::read32(std::uint64_t offset) noexcept
{
    const std::scoped_lock lock(mutex_);
    if (!access_allowed()) return aic100::all_ones;
    if (offset >= layout::reg_len || offset % 4 != 0) return 0;
    return read_locked(static_cast<std::uint32_t>(offset));
}

std::uint64_t Bar0::read64(std::uint64_t offset) noexcept
{
    const std::scoped_lock lock(mutex_);
    if (!access_allowed()) return ~std::uint64_t{0};
    if (offset > layout::reg_len - 8 || offset % 4 != 0) return 0;
    const auto at = static_cast<std::uint32_t>(offset);
    // Low first: for QTIMER that latches the high word, so the pair cannot tear.
    const std::uint64_t low = read_locked(at);
    return low | std::uint64_t{read_locked(at + 4)} << 32;
}

std::uint32_t Bar0::read_locked(std::uint32_t offset) noexcept
{
    ++reads_[offset / 4];
    for (auto it = overrides_.begin(); it != overrides_.end(); ++it) {
        if (it->offset != offset) continue;
        const auto value = it->value;
        if (it->left != 0 && --it->left == 0) overrides_.erase(it);
        return value;
    }
    if (offset == mhi::QTIMER_LOW) {
        const auto now = qtimer();
        qtimer_high_ = static_cast<std::uint32_t>(now >> 32);
        return static_cast<std::uint32_t>(now);
    }
    if (offset == mhi::QTIMER_HIGH) return qtimer_high_.value_or(static_cast<std::uint32_t>(qtimer() >> 32));
    const auto access = access_[offset / 4];
    return access == Access::READ || access == Access::READ_WRITE ? value_[offset / 4] : 0;
}

void Bar0::write32(std::uint64_t offset, std::uint32_t value) noexcept
{
    const std::scoped_lock lock(mutex_);
    if (!access_allowed() || offset >= layout::reg_len || offset % 4 != 0) return;
    write_locked(static_cast<std::uint32_t>(offset), value);
}

void Bar0::write_locked(std::uint32_t offset, std::uint32_t value) noexcept
{
    ++writes_[offset / 4];
    if (offset >= layout::channel_doorbells && offset < erdb_end) return write_doorbell(offset, value);
    const auto access = access_[offset / 4];
    if (access == Access::NONE || access == Access::READ) return;
    auto& word = value_[offset / 4];
    const auto* row = std::find_if(std::begin(write_masks), std::end(write_masks),
                                   [offset](const WriteMask& m) { return m.offset == offset; });
    const auto mask = row == std::end(write_masks) ? aic100::all_ones : row->mask;
    word = (word & ~mask) | (value & mask);

    if (offset == mhi::MHICTRL) {
        write_control(value);
    } else if (offset == mhi::CRDB_HIGH) {
        command_high_ = value;
    } else if (offset == mhi::CRDB_LOW) {
        doorbells_.command = std::uint64_t{command_high_} << 32 | value;
        dirty_.store(true, std::memory_order_release);
    } else if (offset == mhi::SOC_RESET_REQ && aic100::soc_reset_bit.get(value) != 0) {
        control_.soc_reset = true;
        dirty_.store(true, std::memory_order_release);
    } else if (offset == layout::bhi_at(bhi::IMGTXDB) && aic100::bhi_session.get(value) != 0) {
        control_.image = BhiRequest{std::uint64_t{value_[layout::bhi_at(bhi::IMGADDR_HIGH) / 4]} << 32 |
                                        value_[layout::bhi_at(bhi::IMGADDR_LOW) / 4],
                                    value_[layout::bhi_at(bhi::IMGSIZE) / 4], aic100::bhi_session.get(value)};
        dirty_.store(true, std::memory_order_release);
    }
}

void Bar0::write_control(std::uint32_t value) noexcept
{
    // RESET stays set until the engine has handled it: a write with the bit clear does not take it back.
    if (aic100::mhictrl_reset.get(value) != 0) control_.mhi_reset = true;
    if (control_.mhi_reset) value_[mhi::MHICTRL / 4] |= aic100::mhictrl_reset.mask();
    control_.state = static_cast<aic100::MhiState>(aic100::mhictrl_state.get(value));
    dirty_.store(true, std::memory_order_release);
}

void Bar0::write_doorbell(std::uint32_t offset, std::uint32_t value) noexcept
{
    const bool high = (offset & 4) != 0;
    if (offset >= layout::event_doorbells) {
        if (high)
            event_high_ = value;
        else
            event_doorbell_ = std::uint64_t{event_high_} << 32 | value;
    } else {
        const auto channel = (offset - layout::channel_doorbells) / aic100::doorbell_bytes;
        if (high) {
            doorbell_high_[channel] = value;
            return;
        }
        if (channel == aic100::wake_doorbell) {
            wake_rings_ += value != 0 ? 1 : 0;
            return;
        }
        doorbells_.rung.set(channel);
        doorbells_.value[channel] = std::uint64_t{doorbell_high_[channel]} << 32 | value;
    }
    if (!high) dirty_.store(true, std::memory_order_release);
}

} // namespace card
