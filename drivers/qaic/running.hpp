// SPDX-License-Identifier: BSD-3-Clause
// A model at work: an activation, its DBC queue with one lane per queue pair, and the request template.
// Control thread with the device's control lock; the data path sees `ports` and the lanes.
#pragma once
#include "qaic/dbc/queue_setup.hpp"
#include "qaic/model.hpp"
#include "qaic/queue_pair.hpp"
#include <algorithm>
#include <functional>
#include <optional>

namespace qaic {

struct RunConfig {
    std::uint16_t model_id = 0;
    std::uint32_t instance = 0;       ///< of the model's
    std::vector<std::uint32_t> pairs; ///< positions of the queue pairs that feed it: a lane each, at least 1
    std::uint32_t depth = 1;          ///< operations in flight wanted per lane
    std::uint64_t op_limit = 0;       ///< TSC cycles
    dbc::Completions completions = dbc::Completions::MEMORY;
    std::uint64_t now = 0; ///< TSC
    /// Has the card said by SSR, since ACTIVATE was sent, that all DMA of this DBC has ended?
    std::function<bool(unsigned dbc)> ended_by_card = [](unsigned) { return false; };
};

/// Depth a lane can have: DBC ids and FIFO elements are shared by all lanes (dbc/request_ids.hpp).
[[nodiscard]] std::uint32_t lane_depth(std::uint32_t wanted, std::uint32_t lanes,
                                       std::uint32_t elements_per_op);

class Running {
  public:
    /// FIFO memory, ACTIVATE, template, bind. After an error nothing is left on the card, or, where that
    /// could not be made certain, the FIFO memory is given up and `retired` grows.
    [[nodiscard]] static Result<std::unique_ptr<Running>> activate(Bus& bus, nnc::Client& client,
                                                                   const Model& model,
                                                                   const RunConfig& config,
                                                                   std::uint64_t& retired);

    [[nodiscard]] dbc::Queue& queue() noexcept { return *queue_; }
    [[nodiscard]] dbc::Channel& channel() noexcept { return queue_->channel(); }
    [[nodiscard]] const nnc::Activation& activation() const noexcept { return activation_; }
    [[nodiscard]] const ModelPort& port(std::size_t lane) const noexcept { return ports_[lane]; }
    [[nodiscard]] std::uint64_t outstanding() const noexcept { return queue_->outstanding(); }
    [[nodiscard]] std::uint64_t submitted() noexcept;
    [[nodiscard]] std::size_t lanes() const noexcept { return lanes_; }
    [[nodiscard]] std::uint32_t depth() const noexcept { return depth_; }

    /// Lane of the device's queue pair number `pair`; nothing when that one feeds another instance.
    [[nodiscard]] std::optional<std::uint32_t> lane_of(std::size_t pair) const noexcept
    {
        const auto at = std::find(pairs_.begin(), pairs_.end(), pair);
        if (at == pairs_.end()) return std::nullopt;
        return static_cast<std::uint32_t>(at - pairs_.begin());
    }
    [[nodiscard]] std::uint32_t instance() const noexcept { return instance_; }

    std::uint16_t model_id = 0;
    std::int32_t power = 1;   ///< as the card was told last: 0 standby, 1 ready, 2 low power
    bool on_card = true;      ///< the card has not confirmed its end yet
    bool ssr_stopped = false; ///< SSR: the card has ended all DMA of the DBC
    bool ssr_over = false;    ///< SSR: may be activated again
    bool announced = false;   ///< the application was told that its DBC is out of use

  private:
    Running() = default;
    nnc::Activation activation_;
    std::unique_ptr<dbc::Queue> queue_;
    PlacedArray<dbc::SlicePlan::Element> plan_;
    PlacedArray<ModelPort> ports_; ///< one per lane
    std::vector<std::uint32_t> pairs_;
    std::uint32_t depth_ = 0, lanes_ = 0, instance_ = 0;
};

} // namespace qaic
