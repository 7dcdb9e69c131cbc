// SPDX-License-Identifier: BSD-3-Clause
// From whatever state the last owner left the card in to a clean PBL (or, if wanted, a warm AMSS). Registers
// only: bus master stays off until nothing of the last owner's is left. aic100-device.md 1.6, 1.7, 2.11;
// fence rungs 2 and 3 of reliability.md 2.3
#pragma once
#include "qaic/mhi/host.hpp"

namespace qaic::boot {

/// What the card was doing when we came.
struct Found {
    aic100::ExecEnv env = aic100::ExecEnv::PBL;
    bool sys_err = false;
    bool clean_pbl = false; ///< PBL that has not taken an image yet
};
[[nodiscard]] Result<Found> look(mhi::Host& host);

/// SoC reset: written, read back to flush, then EXECENV must read PBL within limits.soc (all-ones meanwhile
/// is tolerated); ends with the SYS_ERR that announces it cleared. E_REMOVED when the registers stay
/// all-ones.
[[nodiscard]] Result<void> soc_reset(Bus& bus, mhi::Host& host, const Limits& limits);

} // namespace qaic::boot
