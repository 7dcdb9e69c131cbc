// SPDX-License-Identifier: BSD-3-Clause
// A queue pair: one enqueue thread, one dequeue thread, no line shared between the two but the counts of each
// other. HOT. Control threads change `ports` and `lanes` only by publishing new ones and quiescing
// (quiesce.hpp).
#pragma once
#include "qaic/bus/reach.hpp"
#include "qaic/dbc/lane.hpp"
#include "qaic/dbc/slice_plan.hpp"
#include "qaic/op_fate.hpp"
#include "qaic/quiesce.hpp"
#include <atomic>
#include <cstdint>
#include <rte_mldev.h>
#include <span>

namespace qaic {

/// What enqueue must know of a started model. Immutable while published; owned by the control side.
struct ModelPort {
    dbc::Lane* lane = nullptr;
    const dbc::SlicePlan::Element* elements = nullptr;
    std::uint32_t element_count = 0;
    std::uint32_t input_bytes = 0, output_bytes = 0; ///< smallest buffers of an operation
    std::uint16_t batches = 1;                       ///< of an operation, exactly: compiled into the program
};

/// The lanes a dequeue polls. Immutable while published.
struct LaneList {
    std::span<dbc::Lane* const> lanes;
};

/// Owner of a lane list.
class PublishedLanes {
  public:
    PublishedLanes(std::pmr::memory_resource& memory, std::span<dbc::Lane* const> lanes)
        : lanes_(place_array<dbc::Lane*>(memory, lanes.size())), list_(place<LaneList>(memory))
    {
        std::copy(lanes.begin(), lanes.end(), lanes_.get());
        list_->lanes = {lanes_.get(), lanes.size()};
    }
    [[nodiscard]] const LaneList* get() const noexcept { return list_.get(); }

  private:
    PlacedArray<dbc::Lane*> lanes_;
    Placed<LaneList> list_;
};

struct QueuePair {
    QueuePair(std::uint16_t number, std::uint16_t nb_desc, std::uint16_t models,
              rte_ml_dev_stop_flush_t flush, const ReachTable& card,
              std::pmr::memory_resource& memory = *std::pmr::new_delete_resource())
        : id(number), depth(nb_desc), model_count(models), flush_cb(flush), reach(card),
          ports(place_array<std::atomic<const ModelPort*>>(memory, models))
    {
        rejects.reset(nb_desc, memory);
    }

    // ---- fixed
    // --------------------------------------------------------------------------------------------------
    const std::uint16_t id;
    const std::uint16_t depth; ///< operations in flight at most, exactly nb_desc
    const std::uint16_t model_count;
    const rte_ml_dev_stop_flush_t flush_cb; ///< may be null
    const ReachTable& reach;                ///< what memory the card can reach
    /// Taken by the native API: its operations are tokens, not rte_ml_op.
    std::atomic<bool> raw{false};
    /// By model id; null = not started. Written by the control side.
    PlacedArray<std::atomic<const ModelPort*>> ports;
    std::atomic<const LaneList*> lanes{&no_lanes};
    const LaneList no_lanes; ///< of this one, so that it is where the queue pair is
    /// Operations that broke an OpRule, on their way back: enqueue thread -> dequeue thread.
    dbc::SpscRing<rte_ml_op*> rejects;

    // ---- enqueue thread
    // -----------------------------------------------------------------------------------------
    alignas(RTE_CACHE_LINE_SIZE) BurstMark enqueue_mark;
    std::atomic<std::uint64_t> enqueued{0};
    std::uint64_t dequeued_seen = 0; ///< cached copy of `dequeued`
    std::uint64_t reach_seen = 0;    ///< version of `reach` the two windows are of
    Window in_window, out_window;    ///< where the last input and the last output were
    std::atomic<std::uint64_t> rejected{0}, full{0};

    // ---- dequeue thread
    // -----------------------------------------------------------------------------------------
    alignas(RTE_CACHE_LINE_SIZE) BurstMark dequeue_mark;
    std::atomic<std::uint64_t> dequeued{0};
    std::atomic<std::uint64_t> failed{0}; ///< of those, with status ERROR
    std::uint32_t turn = 0;               ///< which lane goes first
    std::uint32_t calls = 0;

    // ---- control side
    // -----------------------------------------------------------------------------------------
    /// Operations of processes that died; in `dequeued` and `failed` too.
    std::atomic<std::uint64_t> canceled{0};
    /// Its process is no more and its lanes are empty: another may use the queue pair.
    void start_over(std::pmr::memory_resource& memory)
    {
        const auto out = in_flight();
        rejects.reset(depth, memory);
        dequeued_seen = enqueued.load();
        dequeued.store(dequeued_seen);
        failed.store(failed.load() + out);
        canceled.store(canceled.load() + out);
        enqueue_mark.forget(), dequeue_mark.forget();
        raw.store(false);
    }

    [[nodiscard]] std::uint64_t in_flight() const noexcept
    {
        const auto out = dequeued.load(std::memory_order_acquire);
        return enqueued.load(std::memory_order_acquire) - out;
    }
};

/// Publishes `port` for a model (null takes it away) and/or a new lane list, then waits until no burst call
/// can still see the old ones. Control thread. E_BUSY when a burst call does not return within `limit`.
/// `gone` says whether the process that uses the queue pair has died: then nobody is waited for.
[[nodiscard]] inline Result<void> quiesce(Bus& bus, const QueuePair& qp, Nanos limit,
                                          const std::function<bool()>& gone = {})
{
    quiesce_fence();
    QAIC_CHECK(wait_outside(bus, qp.enqueue_mark, limit, gone));
    QAIC_CHECK(wait_outside(bus, qp.dequeue_mark, limit, gone));
    return {};
}

} // namespace qaic
