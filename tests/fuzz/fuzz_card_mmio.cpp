// SPDX-License-Identifier: BSD-3-Clause
// A card against a host that does anything: registers, doorbells, rings and contexts in host memory, time,
// faults. Never a crash, a hang or an access outside mapped memory, and a power cycle always boots again.
#include "../unit/card/mmio_drive.hpp"
#include <cstdint>
#include <cstdlib>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto result = test::drive_card(std::as_bytes(std::span(data, size)));
    if (!result.recovered) std::abort();
    return 0;
}
