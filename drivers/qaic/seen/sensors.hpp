// SPDX-License-Identifier: BSD-3-Clause
// The sensors of the TELEMETRY channel by name. aic100-device.md 6.3
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>

namespace qaic::seen {

struct Sensor {
    std::uint8_t command;
    const char* name;         ///< ends with its unit, where the unit is known
    std::int64_t least, most; ///< what is believed (reliability.md D62): beyond, the limit is shown
};
/// In the order they are shown.
[[nodiscard]] std::span<const Sensor> sensors() noexcept;
[[nodiscard]] constexpr std::int64_t plausible(const Sensor& sensor, std::int64_t value) noexcept
{
    return std::clamp(value, sensor.least, sensor.most);
}

} // namespace qaic::seen
