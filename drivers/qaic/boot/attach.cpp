// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/boot/attach.hpp"
#include "qaic/boot/bhi.hpp"
#include <algorithm>

namespace qaic::boot {
using namespace aic100;

namespace {

constexpr Nanos first_look = 5ms, longest_pause = 1s;

bool is_sys_err(std::uint32_t status) noexcept
{
    return mhistatus_state.get(status) == static_cast<std::uint32_t>(MhiState::SYS_ERR) ||
           mhistatus_syserr.get(status) != 0;
}

// After a SoC reset the link may be down for seconds: raw reads, all-ones is an answer (1.6).
struct RawView {
    std::uint32_t env, status;
};
RawView raw_view(Bus& bus, std::uint32_t bhi) noexcept
{
    return {bus.mhi_read32(bhi + bhi_reg::EXECENV), bus.mhi_read32(mhi_reg::MHISTATUS)};
}

} // namespace

Result<Found> look(mhi::Host& host)
{
    host.write_bhi(bhi_reg::INTVEC, 0);
    QAIC_TRY(const auto env, host.read_bhi(bhi_reg::EXECENV));
    QAIC_TRY(const auto status, host.read(mhi_reg::MHISTATUS));
    QAIC_TRY(const auto download, bhi_status(host));
    Found found;
    // An unknown environment or state is treated as SYS_ERR (guards D-EE, D-STATE).
    found.env = static_cast<ExecEnv>(env);
    found.sys_err =
        !exec_env_known(env) || !mhi_state_known(mhistatus_state.get(status)) || is_sys_err(status);
    // In SYS_ERR the PBL does nothing until it is RESET, so what it did before does not count.
    const bool idle = mhistatus_state.get(status) == static_cast<std::uint32_t>(MhiState::RESET) &&
                      download == BhiStatus::RESET;
    found.clean_pbl =
        found.env == ExecEnv::PBL && mhistatus_ready.get(status) == 0 && (found.sys_err || idle);
    return found;
}

Result<void> soc_reset(Bus& bus, mhi::Host& host, const Limits& limits)
{
    QAIC_CHECK(host.locate_blocks());
    QAIC_TRY(const auto offset, host.read(mhi_reg::BHIOFF));
    host.write(mhi_reg::SOC_RESET_REQ, soc_reset_bit.put(1));
    (void)bus.mhi_read32(mhi_reg::SOC_RESET_REQ); // flushes the posted write; its value means nothing
    RawView view{all_ones, all_ones};
    auto pause = first_look;
    const auto start = bus.clock().now();
    for (;;) {
        // Pause first: the card needs a moment to take the request, and may say PBL from before it.
        const auto left = limits.soc - (bus.clock().now() - start);
        if (left <= Nanos{0}) break;
        for (const auto until = bus.clock().now() + std::min(pause, left); bus.clock().now() < until;)
            bus.relax(until - bus.clock().now());
        pause = std::min(pause * 2, longest_pause);
        view = raw_view(bus, offset);
        if (view.env == static_cast<std::uint32_t>(ExecEnv::PBL) && view.status != all_ones &&
            mhistatus_ready.get(view.status) == 0)
            break;
    }
    if (view.env == all_ones)
        return fail(Code::E_REMOVED, "{}: card did not come back from its SoC reset within {} ms", bus.name(),
                    std::chrono::duration_cast<std::chrono::milliseconds>(limits.soc).count());
    if (view.env != static_cast<std::uint32_t>(ExecEnv::PBL) || mhistatus_ready.get(view.status) != 0)
        return fail(Code::E_TIMEOUT,
                    "{}: PBL after SoC reset did not happen within {} ms (EXECENV={} MHISTATUS=0x{:x})",
                    bus.name(), std::chrono::duration_cast<std::chrono::milliseconds>(limits.soc).count(),
                    view.env, view.status);
    QAIC_CHECK(host.locate_blocks());
    if (is_sys_err(view.status)) return host.mhi_reset();
    host.write_bhi(bhi_reg::INTVEC, 0);
    return {};
}

} // namespace qaic::boot
