// SPDX-License-Identifier: BSD-3-Clause
// One ML device from found to closed, through <rte_mldev.h> alone.
#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <rte_mldev.h>
#include <string>
#include <vector>

namespace qaic::perf {

struct DeviceFacts {
    std::string driver;
    std::int16_t id = -1;
    int numa = -1;
    std::uint16_t max_models = 0, max_queue_pairs = 0, max_desc = 0, align = 1;
};

struct NamedCount {
    std::string name;
    std::uint64_t value = 0;
};

/// Every ML device there is, in the order of ids. E_REMOVED unless there are `wanted`.
Result<std::vector<std::int16_t>> ml_devices(std::size_t wanted);

/// Configured and started on construction; control functions from one thread.
class MlDevice {
  public:
    /// With room for `models` and `queue_pairs` queues for `depth` ops each. E_LIMIT: more than the device
    /// can; E_STATE: the driver refused a step.
    static Result<MlDevice> open(std::int16_t id, std::uint32_t models, std::uint32_t queue_pairs,
                                 std::uint32_t depth);
    MlDevice(MlDevice&& other) noexcept : facts_(std::move(other.facts_)), open_(other.open_)
    {
        other.open_ = false;
    }
    MlDevice& operator=(MlDevice&&) = delete;
    ~MlDevice() { (void)close(); }

    [[nodiscard]] const DeviceFacts& facts() const { return facts_; }
    [[nodiscard]] Result<rte_ml_dev_stats> stats() const;
    /// Device xstats whose names start with `prefix`, in the driver's order.
    [[nodiscard]] std::vector<NamedCount> xstats(const std::string& prefix) const;
    /// Stops and closes; the second call does nothing.
    Result<void> close();

  private:
    MlDevice() = default;
    DeviceFacts facts_;
    bool open_ = true;
};

} // namespace qaic::perf
