// SPDX-License-Identifier: BSD-3-Clause
// PBL -> SBL: one image through the BHI registers. aic100-device.md 3.2
#pragma once
#include "qaic/boot/firmware_set.hpp"
#include "qaic/mhi/host.hpp"

namespace qaic::boot {

/// Downloads `image` and waits for the PBL's verdict, at most limits.mhi. `session` is 1..0x3fffffff. E_FW
/// holds the file and the card's error registers; E_TIMEOUT, E_RESET and E_REMOVED as elsewhere.
[[nodiscard]] Result<void> bhi_download(Bus& bus, mhi::Host& host, const Limits& limits,
                                        const FirmwareSet::Image& image, std::uint32_t session);

/// What the PBL has to say: state of the last download, error code and detail registers.
[[nodiscard]] Result<aic100::BhiStatus> bhi_status(mhi::Host& host);

} // namespace qaic::boot
