// SPDX-License-Identifier: BSD-3-Clause
// Everything that makes the card start over: MHI RESET, SoC reset, system error, removal, power.
// aic100-device.md 1.6, 2.11, 8.3
#include "card/card_core.hpp"

namespace card {
using aic100::ExecEnv;
using aic100::MhiState;

bool CardCore::move(Cause cause)
{
    const auto to = next_stage(stage(), cause, bar0_.exec_env());
    if (!to) return false;
    stage_.store(*to, std::memory_order_release);
    switch (*to) {
    case Stage::PBL: bar0_.set_status(MhiState::RESET, false, false); break;
    case Stage::SBL_INIT:
        bar0_.set_exec_env(ExecEnv::SBL);
        arm_ready(cause == Cause::IMAGE_ACCEPTED ? config_.ready_delay : config_.reset_ready_delay);
        break;
    case Stage::AMSS: arm_ready(config_.reset_ready_delay); break;
    case Stage::SBL_READY:
    case Stage::AMSS_READY: bar0_.set_status(MhiState::READY, true, false); break;
    case Stage::SBL_M0:
    case Stage::AMSS_M0: bar0_.set_status(MhiState::M0, true, false); break;
    case Stage::SYS_ERR: bar0_.set_status(MhiState::SYS_ERR, false, true); break;
    case Stage::GONE: break;
    }
    return true;
}

void CardCore::arm_ready(Nanos delay)
{
    amss_at_.reset();
    ready_at_ = clock_.now() + delay + faults_.boot.ready_extra;
}

bool CardCore::handle_resets()
{
    const auto wanted = bar0_.take_resets();
    if (wanted.soc_reset) return soc_reset(), true;
    if (wanted.mhi_reset && !faults_.reset_ignored) return mhi_reset(), true;
    return false;
}

void CardCore::drop_everything()
{
    engine_.shut();
    for (auto* service : services()) service->reset();
    control_->reset();
    pbl_.reset();
    ready_at_.reset(), amss_at_.reset();
    m0_wanted_ = false;
}

void CardCore::mhi_reset()
{
    drop_everything(); // before the acknowledgement: no access to host memory after it
    bar0_.acknowledge_reset();
    move(Cause::MHI_RESET);
}

/// The card comes back in PBL and says so: without SYS_ERR and an MSI a host would not notice (1.6).
void CardCore::soc_reset()
{
    drop_everything();
    window_.clear();
    bar0_.power_on(config_.serial);
    move(Cause::SOC_RESET);
    gate_.raise_msi(0);
}

void CardCore::system_error(bool reboot)
{
    if (stage() == Stage::GONE) return;
    // A firmware that is still alive says it on the event ring, when there is one with room (8.3); the
    // register comes first, for the host reads it on every MSI.
    bar0_.set_status(MhiState::SYS_ERR, false, true);
    if (!reboot && engine_.up()) engine_.post_state(MhiState::SYS_ERR);
    drop_everything();
    if (reboot) window_.clear();
    if (reboot) bar0_.set_exec_env(ExecEnv::PBL);
    move(Cause::FATAL);
    gate_.raise_msi(0);
}

void CardCore::remove()
{
    gate_.remove();
    engine_.shut(); // the rest is dropped by power_cycle(): its registers must not be seen as 0 meanwhile
    ready_at_.reset(), amss_at_.reset();
    move(Cause::REMOVED);
    window_.fill_all_ones();
}

void CardCore::power_cycle()
{
    gate_.power_cycle();
    drop_everything();
    make_control();
    window_.clear();
    bar0_.power_on(config_.serial);
    move(Cause::POWER_ON);
}

} // namespace card
