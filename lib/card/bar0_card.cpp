// SPDX-License-Identifier: BSD-3-Clause
// The card's side of the register file: power-on values, resets, what the host asked for.
#include "card/bar0.hpp"
#include <utility>

namespace card {
namespace mhi = aic100::mhi_reg;
namespace bhi = aic100::bhi_reg;
namespace {

/// Cleared by MHI RESET with MHICTRL and MHISTATUS: what a host programs anew before M0 (2.3).
constexpr std::uint32_t cleared_by_reset[] = {
    mhi::MHISTATUS,
    mhi::CCABAP_LOW,
    mhi::CCABAP_HIGH,
    mhi::ECABAP_LOW,
    mhi::ECABAP_HIGH,
    mhi::CRCBAP_LOW,
    mhi::CRCBAP_HIGH,
    mhi::MHICTRLBASE_LOW,
    mhi::MHICTRLBASE_HIGH,
    mhi::MHICTRLLIMIT_LOW,
    mhi::MHICTRLLIMIT_HIGH,
    mhi::MHIDATABASE_LOW,
    mhi::MHIDATABASE_HIGH,
    mhi::MHIDATALIMIT_LOW,
    mhi::MHIDATALIMIT_HIGH,
    mhi::MHICTRL,
    layout::bhi_at(bhi::INTVEC),
};

} // namespace

void Bar0::power_on(std::uint32_t serial)
{
    const std::scoped_lock lock(mutex_);
    clear_requests();
    value_.fill(0);
    powered_on_ = clock_.now();
    qtimer_high_.reset();
    const std::pair<std::uint32_t, std::uint32_t> constants[] = {
        {mhi::MHIREGLEN, layout::reg_len},
        {mhi::MHIVER, layout::version},
        {mhi::MHICFG, aic100::mhicfg_nch.put(layout::channels)},
        {mhi::CHDBOFF, layout::channel_doorbells},
        {mhi::ERDBOFF, layout::event_doorbells},
        {mhi::BHIOFF, layout::bhi},
        {mhi::BHIEOFF, layout::bhie},
        {mhi::SOC_HW_VERSION, aic100::soc_hw_version},
        {layout::bhi_at(bhi::VERSION_MAJOR), 1},
        {layout::bhi_at(bhi::SERIALNU), serial == aic100::all_ones ? serial - 1 : serial},
        {layout::bhi_at(bhi::SBLANTIROLLVER), 1},
    };
    for (const auto& [offset, value] : constants) value_[offset / 4] = value;
    for (unsigned i = 0; i < 6; ++i) value_[layout::bhi_at(bhi::MSMHWID) / 4 + i] = 0x0a100000 + i;
    // Not a hash of anything: a recognisable constant per word.
    for (unsigned i = 0; i < 24; ++i) value_[layout::bhi_at(bhi::OEMPKHASH) / 4 + i] = 0x5a5a0000 + i;
}

void Bar0::clear_requests() noexcept
{
    control_ = {};
    doorbells_ = {};
    doorbell_high_.fill(0);
    command_high_ = event_high_ = 0;
    event_doorbell_.reset();
    dirty_.store(false, std::memory_order_release);
}

void Bar0::acknowledge_reset()
{
    const std::scoped_lock lock(mutex_);
    clear_requests();
    for (const auto offset : cleared_by_reset) value_[offset / 4] = 0;
}

ControlRequests Bar0::take_resets()
{
    const std::scoped_lock lock(mutex_);
    ControlRequests taken;
    taken.soc_reset = std::exchange(control_.soc_reset, false);
    taken.mhi_reset = control_.mhi_reset; // ends with acknowledge_reset()
    return taken;
}

ControlRequests Bar0::take_control()
{
    const std::scoped_lock lock(mutex_);
    ControlRequests taken;
    taken.state = std::exchange(control_.state, std::nullopt);
    taken.image = std::exchange(control_.image, std::nullopt);
    return taken;
}

DoorbellRequests Bar0::take_doorbells()
{
    const std::scoped_lock lock(mutex_);
    const bool more = control_.soc_reset || control_.mhi_reset || control_.state || control_.image;
    dirty_.store(more, std::memory_order_release);
    return std::exchange(doorbells_, DoorbellRequests{});
}

std::optional<std::uint64_t> Bar0::event_doorbell() const
{
    const std::scoped_lock lock(mutex_);
    return event_doorbell_;
}

std::uint64_t Bar0::pair(std::uint32_t low_register) const
{
    const std::scoped_lock lock(mutex_);
    return std::uint64_t{value_[low_register / 4 + 1]} << 32 | value_[low_register / 4];
}

std::uint32_t Bar0::get(std::uint32_t offset) const
{
    const std::scoped_lock lock(mutex_);
    return value_[offset / 4];
}

void Bar0::set(std::uint32_t offset, std::uint32_t value)
{
    const std::scoped_lock lock(mutex_);
    value_[offset / 4] = value == aic100::all_ones ? value - 1 : value;
}

void Bar0::set_status(aic100::MhiState state, bool ready, bool sys_err)
{
    set(mhi::MHISTATUS, aic100::mhistatus_state.put(static_cast<std::uint32_t>(state)) |
                            aic100::mhistatus_ready.put(ready ? 1 : 0) |
                            aic100::mhistatus_syserr.put(sys_err ? 1 : 0));
}

void Bar0::set_exec_env(aic100::ExecEnv env)
{
    set(layout::bhi_at(bhi::EXECENV), static_cast<std::uint32_t>(env));
}

aic100::ExecEnv Bar0::exec_env() const
{
    return static_cast<aic100::ExecEnv>(get(layout::bhi_at(bhi::EXECENV)));
}

void Bar0::override_reads(std::uint32_t offset, std::uint32_t value, unsigned count)
{
    const std::scoped_lock lock(mutex_);
    overrides_.push_back({offset, value, count});
}

void Bar0::clear_overrides()
{
    const std::scoped_lock lock(mutex_);
    overrides_.clear();
}

void Bar0::remove_after(unsigned accesses)
{
    const std::scoped_lock lock(mutex_);
    accesses_left_ = accesses;
}

std::uint64_t Bar0::reads(std::uint32_t offset) const
{
    const std::scoped_lock lock(mutex_);
    return reads_[offset % layout::reg_len / 4];
}

std::uint64_t Bar0::writes(std::uint32_t offset) const
{
    const std::scoped_lock lock(mutex_);
    return writes_[offset % layout::reg_len / 4];
}

std::uint64_t Bar0::wake_rings() const
{
    const std::scoped_lock lock(mutex_);
    return wake_rings_;
}

} // namespace card
