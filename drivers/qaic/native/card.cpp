// SPDX-License-Identifier: BSD-3-Clause
// rte_pmd_qaic.h: the card itself.
#include "qaic/native/native.hpp"
#include "qaic/seen/sensors.hpp"

namespace qaic::native {

rte_pmd_qaic_resources resources_of(const aic100::ResourceBlock& b) noexcept
{
    return {.dram_mib = b.dram_total_mb,
            .dram_free_mib = b.dram_free_mb,
            .dram_fragmentation_percent = b.fragmentation_percent,
            .nsps = b.nsp_total,
            .nsps_free = b.nsp_free,
            .dbcs = b.vc_total,
            .dbcs_free = b.vc_free,
            .multicast_ids = b.mcid_total,
            .multicast_ids_free = b.mcid_free,
            .semaphores = b.semaphore_total,
            .semaphores_free = b.semaphore_free};
}

namespace {

rte_pmd_qaic_card_info info_of(const DeviceSnapshot& s)
{
    const auto& b = s.info;
    rte_pmd_qaic_card_info i{};
    i.hw_version = b.hw_version;
    i.fw_version[0] = b.fw_major, i.fw_version[1] = b.fw_minor;
    i.fw_version[2] = b.fw_patch, i.fw_version[3] = b.fw_build;
    i.sku = b.sku, i.reset_needed = b.reset_needed != 0, i.retired_pages = b.retired_pages;
    copy_field(i.serial, b.serial), copy_field(i.board_serial, b.board_serial);
    copy_field(i.fw_image, b.qc_image), copy_field(i.sbl_image, b.sbl_image);
    copy_text(i.found_in, s.boot.found);
    i.defective_nsps = b.defective_nsps;
    i.nsp_hz = b.performance.nsp_hz, i.ddr_hz = b.performance.ddr_hz, i.peak_ops = b.performance.peak_ops;
    i.boot_us = static_cast<std::uint64_t>(s.boot.total / 1us);
    i.resources = resources_of(b.resources);
    return i;
}

/// States of the API are those of the device.
constexpr std::pair<rte_pmd_qaic_state, DeviceState> states[] = {
    {RTE_PMD_QAIC_STATE_ATTACHED, DeviceState::ATTACHED},
    {RTE_PMD_QAIC_STATE_BOOTING, DeviceState::BOOTING},
    {RTE_PMD_QAIC_STATE_ONLINE, DeviceState::ONLINE},
    {RTE_PMD_QAIC_STATE_FAILED, DeviceState::FAILED},
    {RTE_PMD_QAIC_STATE_REMOVED, DeviceState::REMOVED},
    {RTE_PMD_QAIC_STATE_DEGRADED, DeviceState::DEGRADED},
    {RTE_PMD_QAIC_STATE_RECOVERING, DeviceState::RECOVERING}};
static_assert(std::all_of(std::begin(states), std::end(states),
                          [](auto s) { return static_cast<int>(s.first) == static_cast<int>(s.second); }));

rte_pmd_qaic_health health_of(const DeviceSnapshot& s, const DeviceCounters& c)
{
    rte_pmd_qaic_health h{};
    h.state = static_cast<std::int32_t>(s.state);
    for (const auto& m : s.models) {
        ++h.models_loaded;
        h.models_started += m.started ? 1 : 0;
        for (const auto& a : m.activations) {
            const auto bit = static_cast<std::uint16_t>(1u << (a.dbc % RTE_PMD_QAIC_DBCS));
            h.dbcs_in_use |= bit;
            if (a.state != dbc::ChannelState::ACTIVE) h.dbcs_out_of_use |= bit;
        }
    }
    h.faults = c.faults, h.fences = c.fences, h.reactivations = c.reactivations;
    h.recovery_failures = c.recovery_failures, h.lost_ops = c.lost_ops;
    h.card_losses = c.card_losses, h.card_recoveries = c.card_recoveries;
    h.ssr_events = s.services.ssr_events;
    h.errors_correctable = s.services.ce, h.errors_uncorrectable = s.services.ue;
    h.errors_uncorrectable_nonfatal = s.services.ue_nonfatal;
    return h;
}

Result<std::int64_t> sensor(Device& device, int number)
{
    const auto all = seen::sensors();
    const auto known =
        std::find_if(all.begin(), all.end(), [&](const auto& s) { return s.command == number; });
    if (number < 0 || number > RTE_PMD_QAIC_SENSOR_LAST)
        return fail(Code::E_INVAL, "{}: sensor got={} limit={}", device.name(), number,
                    static_cast<int>(RTE_PMD_QAIC_SENSOR_LAST));
    QAIC_TRY(const auto value, device.sensor(static_cast<std::uint8_t>(number), lock_limit));
    return known == all.end() ? value : seen::plausible(*known, value);
}

} // namespace

QAIC_PUBLIC int rte_pmd_qaic_card_info_get(std::int16_t dev_id, rte_pmd_qaic_card_info* info)
{
    return with_device(dev_id, [&](Device& d) -> Result<void> {
        QAIC_TRY(const auto s, d.snapshot(lock_limit));
        return give(info, info_of(s));
    });
}

QAIC_PUBLIC int rte_pmd_qaic_health_get(std::int16_t dev_id, rte_pmd_qaic_health* health)
{
    return with_device(dev_id, [&](Device& d) -> Result<void> {
        QAIC_TRY(const auto s, d.snapshot(lock_limit));
        return give(health, health_of(s, d.counters()));
    });
}

QAIC_PUBLIC int rte_pmd_qaic_resources_get(std::int16_t dev_id, rte_pmd_qaic_resources* resources)
{
    return with_device(dev_id, [&](Device& d) -> Result<void> {
        if (resources == nullptr) return fail(Code::E_INVAL, "{}: resources: NULL pointer", d.name());
        QAIC_TRY(const auto block, d.resources());
        *resources = resources_of(block);
        return {};
    });
}

QAIC_PUBLIC const char* rte_pmd_qaic_state_name(int state)
{
    for (const auto& s : states)
        if (static_cast<int>(s.first) == state) return to_string(s.second).data(); // literals
    return "?";
}

QAIC_PUBLIC int rte_pmd_qaic_sensor_get(std::int16_t dev_id, int number, std::int64_t* value)
{
    return with_device(dev_id, [&](Device& d) -> Result<void> {
        if (value == nullptr) return fail(Code::E_INVAL, "{}: sensor value: NULL pointer", d.name());
        QAIC_TRY(*value, sensor(d, number));
        return {};
    });
}

QAIC_PUBLIC int rte_pmd_qaic_sensor_set(std::int16_t dev_id, int number, std::int64_t value)
{
    return with_device(dev_id, [&](Device& d) -> Result<void> {
        constexpr int writable[] = {RTE_PMD_QAIC_SENSOR_WARNING_TEMPERATURE,
                                    RTE_PMD_QAIC_SENSOR_SHUTDOWN_TEMPERATURE, RTE_PMD_QAIC_SENSOR_BOARD_TDP,
                                    RTE_PMD_QAIC_SENSOR_POWER_STATE};
        if (number < 0 || number > RTE_PMD_QAIC_SENSOR_LAST)
            return fail(Code::E_INVAL, "{}: sensor got={} limit={}", d.name(), number,
                        static_cast<int>(RTE_PMD_QAIC_SENSOR_LAST));
        if (std::find(std::begin(writable), std::end(writable), number) == std::end(writable))
            return fail(Code::E_PERM, "{}: sensor {} cannot be written", d.name(), number);
        return d.set_sensor(static_cast<std::uint8_t>(number), value);
    });
}

QAIC_PUBLIC int rte_pmd_qaic_boot_log_get(std::int16_t dev_id, char* text, std::size_t size)
{
    std::size_t whole = 0;
    const int result = with_device(dev_id, [&](Device& d) -> Result<void> {
        if (text == nullptr && size != 0) return fail(Code::E_INVAL, "{}: boot log: NULL pointer", d.name());
        QAIC_TRY(const auto log, d.boot_log(lock_limit));
        whole = log.size() + 1; // at most 1 MiB
        if (size == 0) return {};
        const auto n = std::min(log.size(), size - 1);
        std::memcpy(text, log.data(), n);
        text[n] = '\0';
        return {};
    });
    return result != 0 ? result : static_cast<int>(whole);
}

QAIC_PUBLIC int rte_pmd_qaic_reset(std::int16_t dev_id)
{
    return with_device(dev_id, [](Device& d) { return d.reset(); });
}

} // namespace qaic::native
