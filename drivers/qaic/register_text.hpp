// SPDX-License-Identifier: BSD-3-Clause
// Registers as text, from the tables access goes by (aic100/regs/*.def): a dump cannot tell of another
// register than the driver uses. Control thread with the device's control lock: it reads MMIO.
#pragma once
#include "qaic/bus/bus.hpp"
#include <string>

namespace qaic {

/// MHI and BHI registers that may be read, one a line, with their fields taken apart.
[[nodiscard]] std::string mhi_registers_text(Bus& bus);

/// The four registers of a DMA-Bridge channel.
struct DbcRegisters {
    std::uint32_t reqhp = 0, reqtp = 0, rsphp = 0, rsptp = 0;
};
[[nodiscard]] DbcRegisters read_dbc_registers(Bus& bus, unsigned dbc);
[[nodiscard]] std::string to_text(const DbcRegisters& registers);

} // namespace qaic
