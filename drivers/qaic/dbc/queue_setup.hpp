// SPDX-License-Identifier: BSD-3-Clause
// Life of a DBC queue: size it, allocate its FIFO pair, bind it to the DBC an activation returned, take it
// down. Control thread with the device's control lock. aic100-device.md 4.8, 5.2
#pragma once
#include "qaic/bus/bus.hpp"
#include "qaic/dbc/lane.hpp"
#include <memory>
#include <string>

namespace qaic::dbc {

struct QueueConfig {
    std::uint32_t elements_per_op = 1; ///< of the slice plan
    std::uint32_t lanes = 1;           ///< queue pairs that feed it, 1..16
    std::uint32_t depth = 256;         ///< operations a lane may have outstanding
    std::uint64_t op_limit = 0;        ///< deadline of an operation, in the unit of every `now`; not 0
    Completions completions = Completions::MEMORY;
};

/// Owns what a Channel points to. alloc -> bind -> (fault -> fence -> flush -> bind ...) -> free.
class Queue {
  public:
    /// Sizes and allocates; the channel stays UNBOUND. E_LIMIT when depth * lanes needs more request ids or
    /// FIFO elements than there are (the text says what fits).
    [[nodiscard]] static Result<std::unique_ptr<Queue>> allocate(Bus& bus, const QueueConfig& config);
    ~Queue();

    /// After a successful activation: resets indices, poisons the response FIFO, reads the four registers and
    /// requires both FIFOs empty (E_PROTO otherwise), then publishes ACTIVE. `now` starts the deadlines. With
    /// the plan of the only program that will ever be submitted, the ring is filled with it where it divides
    /// it.
    [[nodiscard]] Result<void> bind(unsigned dbc, std::uint64_t now,
                                    std::span<const SlicePlan::Element> plan = {});
    /// Nobody submits any more; outstanding operations stay until the fence is confirmed.
    void quarantine(Guard why) noexcept { channel_->raise(why); }
    /// The card provably cannot write into this DBC's operations any more (reliability.md 2.3), and nobody
    /// alive is inside a burst call.
    void set_fenced() noexcept;
    /// The card may still write: the FIFO memory is given up instead of freed when the queue dies.
    void retire_memory() noexcept { fifo_.retire(); }

    [[nodiscard]] Channel& channel() noexcept { return *channel_; }
    [[nodiscard]] Lane& lane(std::uint32_t i) noexcept { return lanes_[i]; }
    [[nodiscard]] std::uint32_t elements() const noexcept { return channel_->mask + 1; }
    [[nodiscard]] Iova request_fifo() const noexcept { return fifo_.iova(); }
    [[nodiscard]] Iova response_fifo() const noexcept
    {
        return {fifo_.iova().value + layout_.response_offset};
    }
    [[nodiscard]] std::uint32_t fifo_bytes() const noexcept
    {
        return static_cast<std::uint32_t>(layout_.bytes);
    }
    [[nodiscard]] std::uint64_t outstanding() const noexcept;
    /// "aic0 E_PROTO: Q-RST response tail out of range got=70012 limit=1024 dbc=3"
    [[nodiscard]] std::string fault_text() const;

  private:
    void fill_ring(std::span<const SlicePlan::Element> plan) noexcept;
    Queue(Bus& bus, const QueueConfig& config) : bus_(bus), config_(config) {}
    Bus& bus_;
    QueueConfig config_;
    aic100::FifoLayout layout_{};
    DmaMemory fifo_;
    PlacedArray<Slot> slots_;
    PlacedArray<Lane> lanes_;
    Placed<Channel> channel_;
};

} // namespace qaic::dbc
