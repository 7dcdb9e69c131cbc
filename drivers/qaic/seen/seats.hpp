// SPDX-License-Identifier: BSD-3-Clause
// Which devices telemetry may look at. Its callbacks run in threads of their own while devices come and go:
// a Visit keeps its device from being removed, and lasts no longer than the callback.
#pragma once
#include "qaic/ml_device.hpp"
#include <shared_mutex>
#include <vector>

namespace qaic::seen {

/// After the device is registered; its id must be free here, as it is in the mldev library.
void enter(rte_ml_dev* dev, MlDevice& ml) noexcept;
/// Before anything of the device is taken apart: returns when the last visit is over, and there is no new
/// one. A visit is bounded (telemetry_answers.cpp). Harmless when the device never entered.
void leave(const rte_ml_dev* dev) noexcept;

class Visit {
  public:
    /// `device` is a device id or a name. E_INVAL when there is none.
    [[nodiscard]] static Result<Visit> to(std::string_view device);
    [[nodiscard]] rte_ml_dev* dev() const noexcept { return dev_; }
    [[nodiscard]] MlDevice& ml() const noexcept { return *ml_; }
    [[nodiscard]] Device& device() const noexcept { return *ml_->device; }

  private:
    Visit(std::shared_lock<std::shared_mutex> gate, rte_ml_dev* dev, MlDevice* ml)
        : gate_(std::move(gate)), dev_(dev), ml_(ml)
    {}
    friend std::vector<Visit> everybody();
    std::shared_lock<std::shared_mutex> gate_;
    rte_ml_dev* dev_;
    MlDevice* ml_;
};

/// All devices there are, by id.
[[nodiscard]] std::vector<Visit> everybody();

} // namespace qaic::seen
