// SPDX-License-Identifier: BSD-3-Clause
// rte_pmd_qaic.h: events.
#include "qaic/native/native.hpp"

namespace qaic::native {
namespace {

static_assert(static_cast<int>(RTE_PMD_QAIC_EVENT_CRASH_DUMP) ==
              static_cast<int>(DeviceEventKind::CRASH_DUMP));
static_assert(device_event_kinds == RTE_PMD_QAIC_EVENT_CRASH_DUMP + 1, "name the new kind in the header");
static_assert(DeviceEvent::none == RTE_PMD_QAIC_NONE);

rte_pmd_qaic_event event_of(const DeviceEvent& e) noexcept
{
    return {.kind = static_cast<std::uint16_t>(e.kind),
            .dbc = e.dbc,
            .model = e.model,
            .reserved = 0,
            .value = e.value,
            .source = e.source,
            .at_ns = static_cast<std::uint64_t>(e.at.count())};
}

constinit std::mutex registration; ///< of any device; held for the flag alone

/// Sets MlDevice::event_callback from `from` to its opposite; false when it was not `from`.
bool flip(MlDevice& ml, bool from)
{
    const std::lock_guard lock(registration);
    if (ml.event_callback != from) return false;
    ml.event_callback = !from;
    return true;
}

} // namespace

QAIC_PUBLIC int rte_pmd_qaic_event_callback_register(std::int16_t dev_id, rte_pmd_qaic_event_cb cb, void* arg)
{
    return guarded([&]() -> Result<void> {
        QAIC_TRY(const auto v, visit(dev_id));
        auto& device = v.device();
        if (cb == nullptr) return fail(Code::E_INVAL, "{}: event callback: NULL pointer", device.name());
        if (!flip(v.ml(), false))
            return fail(Code::E_BUSY, "{}: an event callback is registered: unregister it first",
                        device.name());
        device.on_event([dev_id, cb, arg](const DeviceEvent& e) {
            const auto event = event_of(e);
            cb(dev_id, &event, arg);
        });
        return {};
    });
}

QAIC_PUBLIC int rte_pmd_qaic_event_callback_unregister(std::int16_t dev_id)
{
    bool was = true;
    const int result = guarded([&]() -> Result<void> {
        QAIC_TRY(const auto v, visit(dev_id));
        if (was = flip(v.ml(), true); was) v.device().on_event({});
        return {};
    });
    return result == 0 && !was ? -ENOENT : result;
}

QAIC_PUBLIC int rte_pmd_qaic_events_get(std::int16_t dev_id, rte_pmd_qaic_event* events,
                                        std::uint16_t capacity)
{
    std::size_t n = 0;
    const int result = guarded([&]() -> Result<void> {
        QAIC_TRY(const auto v, visit(dev_id));
        if (events == nullptr && capacity != 0)
            return fail(Code::E_INVAL, "{}: events: NULL pointer", v.device().name());
        const auto recent = v.device().events().recent();
        n = std::min<std::size_t>(recent.size(), capacity); // the newest of them
        std::transform(recent.end() - static_cast<std::ptrdiff_t>(n), recent.end(), events, event_of);
        return {};
    });
    return result != 0 ? result : static_cast<int>(n);
}

} // namespace qaic::native
