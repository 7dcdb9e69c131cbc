// SPDX-License-Identifier: BSD-3-Clause
// Everything that can differ between two emulated cards. Defaults are a standard Cloud AI 100 as far as
// public sources tell; what they leave open is our choice and marked [M] in aic100-device.md.
#pragma once
#include "aic100/regs/registers.hpp"
#include "card/timing/model.hpp"
#include <optional>
#include <string>

namespace card {
using namespace qaic;

struct CardConfig {
    std::uint16_t pci_device = aic100::pci_device_aic100;
    std::uint64_t ddr_bytes = 32ull << 30; ///< sparse: only touched pages cost host memory
    unsigned nsps = 16;
    std::uint32_t serial = 0x0a1c0001;
    std::string board_serial = "EMU0000000000001";
    Nanos ready_delay = 50ms;       ///< image accepted -> READY; must stay below 2 s (8.3)
    Nanos reset_ready_delay = 2ms;  ///< MHI RESET acknowledged -> READY again
    bool crc_in_use = true;         ///< STATUS flag bit 0: every NNC message carries a CRC (4.6)
    bool answer_bad_crc = false;    ///< 8.6 point 1: false drops a bad message, true answers a failing one
    bool force_msi_enabled = false; ///< QSM lets requests force an MSI (5.3 bit 7)
    std::uint16_t nnc_minor = 0;    ///< reported by STATUS; the kernel insists on 0
    bool activate_refusal_alone = true; ///< 4.8: a refused ACTIVATE answers with the passthrough alone
    std::optional<TimingModel> timing;  ///< none: as fast as the machine it is emulated on
};

} // namespace card
