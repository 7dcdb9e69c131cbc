// SPDX-License-Identifier: BSD-3-Clause
// Access to the four registers of a DBC. HOT. One 32-bit access each, as rte_write32 and rte_read32 make
// them, but as atomics: an emulated card reads and writes the same words from a thread of its own, and a
// thread sanitizer can then follow what a doorbell publishes.
#pragma once
#include <cstdint>
#include <rte_byteorder.h>
#include <rte_io.h>

namespace qaic::dbc {

/// A posted write, after everything written to memory before it.
inline void post_register(volatile std::uint32_t* reg, std::uint32_t value) noexcept
{
    rte_io_wmb(); // device memory is not covered by release alone
    __atomic_store_n(reg, rte_cpu_to_le_32(value), __ATOMIC_RELEASE);
}

/// Memory that the card wrote before the register is visible after it.
[[nodiscard]] inline std::uint32_t read_register(const volatile std::uint32_t* reg) noexcept
{
    const auto value = rte_le_to_cpu_32(__atomic_load_n(reg, __ATOMIC_ACQUIRE));
    rte_io_rmb();
    return value;
}

} // namespace qaic::dbc
