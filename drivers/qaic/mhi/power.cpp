// SPDX-License-Identifier: BSD-3-Clause
// READY to M0 and back. aic100-device.md 2.3, 2.11, 2.14
#include "qaic/mhi/impl.hpp"

namespace qaic::mhi {
using namespace aic100;

namespace {
/// Highest address the card may use: all-ones minus one, so that limit - base + 1 does not overflow (2.3).
constexpr std::uint64_t address_limit = 0xfffffffffffffffe;
} // namespace

Result<void> Host::Impl::allocate()
{
    QAIC_CHECK(contexts.allocate(bus));
    QAIC_CHECK(commands.allocate(bus));
    return events.allocate(bus);
}

void Host::Impl::init_rings() noexcept
{
    drop_all();
    commands.reset();
    events.reset();
    contexts.clear();
    contexts.put(make_event_context(events.memory().place()));
    contexts.put(make_command_context(commands.memory().place()));
}

Result<void> Host::Impl::wait_ready()
{
    QAIC_CHECK(wait_until(bus, "MHICTRL.RESET clear", limits.mhi, register_step, [&]() -> Result<bool> {
        if (interrupted()) return fail(Code::E_RESET, "{}: interrupted", bus.name());
        QAIC_TRY(const auto ctrl, regs.read(mhi_reg::MHICTRL));
        return mhictrl_reset.get(ctrl) == 0;
    }));
    return wait_until(bus, "MHISTATUS.READY", limits.ready, register_step, [&]() -> Result<bool> {
        if (interrupted()) return fail(Code::E_RESET, "{}: interrupted", bus.name());
        QAIC_TRY(const auto status, regs.read(mhi_reg::MHISTATUS));
        const auto state = mhistatus_state.get(status);
        if (mhistatus_syserr.get(status) != 0 || !mhi_state_known(state) ||
            state == static_cast<std::uint32_t>(MhiState::SYS_ERR))
            return fail(Code::E_RESET, "{}: SYS_ERR while waiting for MHISTATUS.READY (MHISTATUS=0x{:x})",
                        bus.name(), status);
        return mhistatus_ready.get(status) == 1;
    });
}

Result<void> Host::Impl::program_mmio()
{
    regs.write64(mhi_reg::CCABAP_LOW, contexts.channels_iova());
    regs.write64(mhi_reg::ECABAP_LOW, contexts.event_iova());
    regs.write64(mhi_reg::CRCBAP_LOW, contexts.command_iova());
    regs.write64(mhi_reg::MHICTRLBASE_LOW, 0);
    regs.write64(mhi_reg::MHIDATABASE_LOW, 0);
    regs.write64(mhi_reg::MHICTRLLIMIT_LOW, address_limit);
    regs.write64(mhi_reg::MHIDATALIMIT_LOW, address_limit);
    QAIC_CHECK(regs.update(mhi_reg::MHICFG, mhicfg_ner, 1));
    return regs.update(mhi_reg::MHICFG, mhicfg_nhwer, 0);
}

Result<ExecEnv> Host::Impl::power_up(Host& host)
{
    QAIC_CHECK(host.locate_blocks());
    QAIC_CHECK(allocate());
    init_rings();
    env.reset();
    m0 = false;
    QAIC_CHECK(wait_ready());
    QAIC_CHECK(regs.locate_doorbells());
    quiet = false; // from here on the card knows where our memory is
    QAIC_CHECK(program_mmio());
    contexts.set_event_wp(events.write_pointer());
    regs.ring_event(events.write_pointer());
    health = Health::OK;
    looked = bus.clock().now();
    QAIC_CHECK(regs.update(mhi_reg::MHICTRL, mhictrl_state, static_cast<std::uint32_t>(MhiState::M0)));
    QAIC_CHECK(wait(host, "M0 event", limits.mhi, [&] { return m0; }));
    QAIC_CHECK(wait(host, "execution environment event", limits.ready, [&] { return env.has_value(); }));
    return *env;
}

// MHI RESET and its acknowledgement (2.11): the card has forgotten every address of ours when it reads 0, and
// must have left SYS_ERR by then (fence rung 2).
Result<void> Host::Impl::mhi_reset()
{
    QAIC_CHECK(regs.update(mhi_reg::MHICTRL, mhictrl_reset, 1));
    QAIC_CHECK(wait_until(bus, "MHI RESET acknowledge", limits.mhi, register_step, [&]() -> Result<bool> {
        QAIC_TRY(const auto ctrl, regs.read(mhi_reg::MHICTRL));
        return mhictrl_reset.get(ctrl) == 0;
    }));
    regs.write_bhi(bhi_reg::INTVEC, 0);
    QAIC_TRY(const auto status, regs.read(mhi_reg::MHISTATUS));
    if (mhistatus_state.get(status) == static_cast<std::uint32_t>(MhiState::SYS_ERR) ||
        mhistatus_syserr.get(status) != 0)
        return fail(Code::E_PROTO, "{}: MHI RESET was acknowledged but SYS_ERR stays (MHISTATUS=0x{:x})",
                    bus.name(), status);
    return {};
}

void Host::Impl::drop_all() noexcept
{
    for (unsigned id = 0; id < channel_ids; ++id) drop(static_cast<std::uint8_t>(id));
    m0 = false;
}

// The card may still write into this memory: it is leaked, never reused (reliability.md 2.3).
void Host::Impl::retire_all() noexcept
{
    for (auto& c : channels) {
        while (auto slot = c.ring.drop()) slot->buffer.retire();
        c.ring.memory().memory().retire();
    }
    pool.retire();
    contexts.memory().retire();
    commands.memory().memory().retire();
    events.memory().memory().retire();
}

} // namespace qaic::mhi
