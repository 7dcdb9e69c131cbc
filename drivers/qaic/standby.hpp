// SPDX-License-Identifier: BSD-3-Clause
// Where a queue pair's models point while the card is being brought back, and after it is lost for good.
// RECOVERING: a lane without a single request id, so that enqueue takes nothing and the application tries
// again (E_BUSY, "not accepted", of reliability.md 2.2; "stubs returning 0" of 2.4). Lost: a channel out of
// use, so that operations are taken and come back with E_STATE or E_REMOVED. Dequeue goes on with the lanes
// there were. No branch of the data path is spent on it.
#pragma once
#include "qaic/model_slot.hpp"
#include "qaic/queue_pair.hpp"

namespace qaic {

class Standby {
  public:
    Standby(std::uint16_t models, std::uint64_t op_limit, std::uint64_t now,
            std::pmr::memory_resource& memory)
        : nowhere_(place<Nowhere>(memory)), ports_(place_array<ModelPort>(memory, models))
    {
        auto& [channel, lane] = *nowhere_;
        channel.lanes = &lane;
        lane.bind(channel, 0, 0, op_limit, now, memory);
        channel.state.store(dbc::ChannelState::ACTIVE);
    }
    Standby(const Standby&) = delete;
    Standby& operator=(const Standby&) = delete;

    /// Looks like the model's own port `like`, but leads nowhere.
    [[nodiscard]] const ModelPort* port(std::size_t id, const ModelPort& like)
    {
        auto& p = ports_[id];
        if (p.lane != nullptr) return &p; // may be published: never written then
        p = like;
        p.elements = nullptr, p.element_count = 0;
        p.lane = &nowhere_->lane;
        return &p;
    }
    /// Another model takes the slot; nobody uses its port.
    void forget(std::size_t id) { ports_[id] = {}; }
    /// For good.
    void end(dbc::Guard why) noexcept { nowhere_->channel.raise(why); }

  private:
    struct Nowhere {
        dbc::Channel channel;
        dbc::Lane lane;
    };
    Placed<Nowhere> nowhere_;
    PlacedArray<ModelPort> ports_; ///< by model id
};

} // namespace qaic
