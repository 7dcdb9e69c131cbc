// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/seen/sensors.hpp"
#include "aic100/wire/services.hpp"
#include <iterator>

namespace qaic::seen {
namespace {

constexpr std::int64_t cold = -60, hot = 250, watts = 1000, seconds = std::int64_t{1} << 40,
                       unknown = 1 << 30;
constexpr Sensor sensor_table[] = {
    {0, "soc_temperature_c", cold, hot},
    {1, "soc_max_temperature_c", cold, hot},
    {14, "soc_floor_temperature_c", cold, hot},
    {15, "soc_ceiling_temperature_c", cold, hot},
    {2, "board_temperature_c", cold, hot},
    {3, "board_max_temperature_c", cold, hot},
    {4, "ddr_temperature_c", cold, hot},
    {21, "pmic_a_temperature_c", cold, hot},
    {22, "pmic_c_temperature_c", cold, hot},
    {23, "pmic_e_temperature_c", cold, hot},
    {5, "warning_temperature_c", cold, hot},
    {6, "shutdown_temperature_c", cold, hot},
    {8, "board_power_w", 0, watts},
    {7, "board_tdp_w", 0, watts},
    {26, "soc_power_w", 0, watts},
    {25, "soc_tdp_w", 0, watts},
    {10, "power_max_w", 0, watts},
    {9, "power_state", 0, 255},
    {24, "power_action", -unknown, unknown},
    {11, "throttle_percent", 0, 100},
    {12, "throttle_time_s", 0, seconds},
    {13, "uptime_s", 0, seconds},
    {16, "cx_voltage", -unknown, unknown}, // the units of these are not documented
    {17, "mx_voltage", -unknown, unknown},
    {18, "nsp_cx_voltage", -unknown, unknown},
    {19, "nsp_mx_voltage", -unknown, unknown},
    {20, "configured_tops", 0, unknown},
};
static_assert(std::size(sensor_table) == aic100::telemetry_commands);

} // namespace

std::span<const Sensor> sensors() noexcept { return sensor_table; }

} // namespace qaic::seen
