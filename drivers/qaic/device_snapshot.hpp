// SPDX-License-Identifier: BSD-3-Clause
// Everything statistics and telemetry say about a device, copied at one moment under its control lock: plain
// data, of no device any more.
#pragma once
#include "qaic/controller.hpp"
#include "qaic/dbc/fault.hpp"
#include "qaic/mhi/host.hpp"
#include "qaic/nnc/client.hpp"
#include <atomic>
#include <string>
#include <vector>

namespace qaic {

enum class DeviceState : std::uint8_t;

/// Whether lanes count what they hand back with ERROR (`Lane::errors`); if not, nobody is told a number.
template<class L>
inline constexpr bool counts_errors = requires(const L& lane)
{
    lane.errors.load(std::memory_order_relaxed);
};

/// Counters of one model slot.
struct ModelCounters {
    std::uint64_t submitted = 0, finished = 0, in_flight = 0, activations = 0, faults = 0;
    std::uint64_t errors = 0; ///< operations that a lane handed back with status ERROR
};

struct QueuePairSnapshot {
    std::uint16_t id = 0, depth = 0;
    std::uint64_t enqueued = 0, dequeued = 0, rejected = 0, failed = 0, full = 0, in_flight = 0;
    std::uint64_t canceled = 0; ///< of processes that died; in `dequeued` and `failed` too
};

/// A DBC at work for a model.
struct ActivationSnapshot {
    unsigned dbc = 0;
    dbc::ChannelState state = dbc::ChannelState::UNBOUND;
    std::uint32_t elements = 0, depth = 0, lanes = 0;
    std::int32_t power = 1; ///< 0 standby, 1 ready, 2 low power
};

struct ModelSnapshot {
    std::uint16_t id = 0;
    std::string name;
    bool started = false; ///< what the application asked for
    unsigned nsps = 0;
    std::uint64_t input_bytes = 0, output_bytes = 0, inputs = 0, outputs = 0;
    ModelCounters counters;
    std::vector<ActivationSnapshot>
        activations; ///< of its instances that are on the card or wait for a successor
};

struct DeviceSnapshot {
    DeviceState state{};
    bool configured = false, started = false, closed = false;
    int numa_node = -1;
    aic100::InfoBlock info{};
    BootReport boot;
    nnc::Counters nnc;
    mhi::HostCounters mhi;
    ServiceCounters services;
    std::vector<QueuePairSnapshot> queue_pairs; ///< those that are set up, by id
    std::vector<ModelSnapshot> models;          ///< those that are loaded, by id
};

} // namespace qaic
