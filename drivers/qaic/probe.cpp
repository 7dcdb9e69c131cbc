// SPDX-License-Identifier: BSD-3-Clause
// What both probes share: from a bus to a registered rte_ml_dev, and back.
#include "qaic/ml_device.hpp"
#include "qaic/mldev_guard.hpp"
#include "qaic/seen/seats.hpp"
#include "qaic/trace.hpp"
#include <cerrno>
#include <chrono>
#include <memory>
#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

namespace qaic {

int finish(const Error& error) noexcept
{
    const auto level =
        error.code == Code::E_BUSY || error.code == Code::E_AGAIN ? LogLevel::NOTICE : LogLevel::ERR;
    try {
        log(level, "{}", error.message());
    } catch (const std::bad_alloc&) {
        log_line(level, code_text(error.code));
    }
    return error.neg_errno();
}
int finish(const Result<void>& result) noexcept { return result ? 0 : finish(result.error()); }

DeviceConfig device_config(const DevArgs& args, DeviceKind kind)
{
    DeviceConfig c;
    c.controller.firmware_path = firmware_path(args, kind);
    c.controller.attach = args.attach;
    c.controller.limits.op = args.op_timeout;
    c.controller.wall_clock_us = [] {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
    };
    c.op_timeout = args.op_timeout;
    c.tsc_hz = rte_get_tsc_hz();
    c.completions = args.completions;
    c.instances = args.instances;
    c.recover = args.recover;
    c.crash_dumps = args.crash_dumps;
    c.builtin_programs = kind != DeviceKind::PCI;
    return c;
}

namespace {

/// Frees what rte_ml_dev_pmd_destroy() would leak: it clears the shared data before it looks at dev_private.
void destroy(rte_ml_dev* dev) noexcept
{
    void* const mine = dev->data->dev_private;
    dev->data->dev_private = nullptr;
    rte_ml_dev_pmd_destroy(dev);
    rte_free(mine);
}

/// EAL's interrupt thread: somebody wants the card back (VFIO's device request). The application hears of it
/// by the event REMOVED, or by a callback of its own, and unplugs the device.
void on_dev_event(const char* /*device*/, rte_dev_event_type event, void* ml)
{
    if (event == RTE_DEV_EVENT_REMOVE) static_cast<MlDevice*>(ml)->device->removal_requested();
}

/// Also waits for a call that runs, which never waits for us.
void forget_dev_events(const rte_device* parent, MlDevice& ml) noexcept
{
    constexpr int most = 1000;
    for (int i = 0; i < most; ++i) {
        if (rte_dev_event_callback_unregister(parent->name, &on_dev_event, &ml) != -EAGAIN) return;
        rte_delay_us_sleep(1000);
    }
}

Result<Bus*> bus_of(const char* name)
{
    auto* const dev = rte_ml_dev_pmd_get_named_dev(name);
    if (dev == nullptr) return fail(Code::E_STATE, "{}: no such device", name);
    return &device_of(dev).bus();
}

} // namespace

Result<void> probe_ml_device(rte_device* parent, const char* name, std::unique_ptr<MlDevice> ml, Nanos period)
{
    if (auto alone = secondary::begin_primary(); !alone) return fail_at(name, std::move(alone).error());
    ml->errors = std::make_unique<ErrorLog>(name);
    const auto attached = ml->device->attach();
    trace(TracePoint::ATTACH, name, static_cast<std::uint64_t>(ml->device->boot_report().total / 1us),
          static_cast<std::uint64_t>(attached ? Code::OK : attached.error().code));
    QAIC_CHECK(attached);
    ml->housekeeping = std::make_unique<Housekeeping>(*ml->device, period);
    QAIC_CHECK(ml->housekeeping->start());
    rte_ml_dev_pmd_init_params params{};
    params.socket_id =
        static_cast<std::uint8_t>(parent->numa_node >= 0 ? parent->numa_node : rte_socket_id());
    params.private_data_size = sizeof(MlPrivate);
    auto* const dev = rte_ml_dev_pmd_create(name, parent, &params);
    if (dev == nullptr)
        return fail(Code::E_LIMIT, "{}: rte_ml_dev_pmd_create failed: name in use, or no free device slot",
                    name);
    ml->secondaries = std::make_unique<secondary::Host>(*ml->device, dev->data);
    static_cast<MlPrivate*>(dev->data->dev_private)->ml = ml.release();
    if (const int err = rte_dev_event_callback_register(parent->name, &on_dev_event, &ml_of(dev)); err != 0)
        log(LogLevel::WARNING, "{}: a request to give the card back will not be heard: {}", name, err);
    dev->dev_ops = &ml_ops;
    dev->enqueue_burst = ml_no_burst;
    dev->dequeue_burst = ml_no_burst;
    dev->op_error_get = ml_op_error_get;
    seen::enter(dev, ml_of(dev));
    return {};
}

int map_for_ml_device(const char* name, void* addr, std::uint64_t iova, std::size_t bytes) noexcept
{
    return guarded([&]() -> Result<void> {
        QAIC_TRY(auto* const bus, bus_of(name));
        return bus->dma_map(addr, Iova{iova}, bytes);
    });
}

int unmap_for_ml_device(const char* name, std::uint64_t iova, std::size_t bytes) noexcept
{
    return guarded([&]() -> Result<void> {
        QAIC_TRY(auto* const bus, bus_of(name));
        return bus->dma_unmap(Iova{iova}, bytes);
    });
}

int remove_ml_device(const char* name) noexcept
{
    if (secondary::is_secondary()) return secondary::detach(name);
    auto* const dev = rte_ml_dev_pmd_get_named_dev(name);
    if (dev == nullptr) return 0; // never probed to the end
    seen::leave(dev);
    const std::unique_ptr<MlDevice> ml(&ml_of(dev));
    forget_dev_events(dev->device, *ml);
    ml->housekeeping->stop();
    int result = 0;
    try {
        if (!ml->device->closed()) result = finish(ml->device->close(true, dev->data->dev_id));
    } catch (const std::bad_alloc&) {
        result = -ENOMEM;
    }
    forget_queues(dev);
    destroy(dev);
    return result;
}

} // namespace qaic
