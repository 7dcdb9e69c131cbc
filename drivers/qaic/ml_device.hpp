// SPDX-License-Identifier: BSD-3-Clause
// What stands behind one rte_ml_dev: the device, what it runs on, its housekeeping, the bases of its
// statistics. Shared by the mldev_*.cpp and probe_*.cpp of the plugin.
#pragma once
#include "qaic/devargs.hpp"
#include "qaic/device.hpp"
#include "qaic/dpdk_compat/dpdk.hpp"
#include "qaic/housekeeping.hpp"
#include "qaic/mldev_burst.hpp"
#include "qaic/secondary/primary.hpp"
#include "qaic/secondary/secondary.hpp"
#include "qaic/seen/error_log.hpp"
#include "qaic/seen/latency.hpp"
#include "qaic/waiting.hpp"
#include <map>

namespace qaic {

/// Whatever must outlive the device's bus: the emulated card with its thread, or nothing.
class Backend {
  public:
    virtual ~Backend() = default;
};

struct MlDevice {
    std::unique_ptr<Backend> backend; ///< declared first: dies last
    std::unique_ptr<Device> device;
    std::unique_ptr<Housekeeping> housekeeping;

    // statistics are never written: a reset remembers a base
    std::mutex stats_lock;
    rte_ml_dev_stats stats_base{};
    std::map<std::uint16_t, std::uint64_t> xstats_base; ///< by xstat id

    // what telemetry shows besides
    std::unique_ptr<ErrorLog> errors; ///< from before the card is booted
    bool event_callback = false;      ///< the application registered one (native/events.cpp)
    Bursts bursts;
    std::unique_ptr<secondary::Host> secondaries; ///< dies before the device

    /// By queue pair, made on request; they die with the device.
    std::array<std::unique_ptr<CompletionWaiter>, DeviceLimits::queue_pairs> waiters;
};

/// In dev->data->dev_private.
struct MlPrivate {
    MlDevice* ml;
};
[[nodiscard]] inline MlDevice& ml_of(const rte_ml_dev* dev) noexcept
{
    return *static_cast<MlPrivate*>(dev->data->dev_private)->ml;
}
[[nodiscard]] inline Device& device_of(const rte_ml_dev* dev) noexcept { return *ml_of(dev).device; }

/// Logs the error; its negative errno. 0 for success.
int finish(const Result<void>& result) noexcept;
int finish(const Error& error) noexcept;

/// DeviceConfig out of devargs.
[[nodiscard]] DeviceConfig device_config(const DevArgs& args, DeviceKind kind);
/// Registers `ml` as an rte_ml_dev after booting its card. On an error nothing is left.
[[nodiscard]] Result<void> probe_ml_device(rte_device* parent, const char* name, std::unique_ptr<MlDevice> ml,
                                           Nanos housekeeping_period);
/// rte_dev_dma_map() and _unmap() of the device of that name, by its bus. Negative errno, logged.
int map_for_ml_device(const char* name, void* addr, std::uint64_t iova, std::size_t bytes) noexcept;
int unmap_for_ml_device(const char* name, std::uint64_t iova, std::size_t bytes) noexcept;
/// Devarg iova of a device on the vdev bus; once for each driver, before EAL scans.
void follow_iova_devarg(rte_vdev_driver& driver) noexcept;
/// Takes it out again, from whatever state; 0 when there is none of that name.
int remove_ml_device(const char* name) noexcept;

/// Frees data->queue_pairs and data->models, and points the bursts at stubs.
void forget_queues(rte_ml_dev* dev) noexcept;

extern rte_ml_dev_ops ml_ops;

// mldev_queues.cpp
int ml_op_error_get(rte_ml_dev* dev, rte_ml_op* op, rte_ml_op_error* error) noexcept;

} // namespace qaic
