// SPDX-License-Identifier: BSD-3-Clause
// Which replica of which stage runs on which lcore, and how items get from one to the next: called by it (on
// the same lcore), by queues, or by queues and back into order. Plain data; no DPDK.
#pragma once
#include "pipeline/spec.hpp"
#include <optional>

namespace pipeline {

/// What the layout must know of a kind besides its role.
struct StageTraits {
    bool is_source = false, is_sink = false;
    bool keeps = false;    ///< has poll: is fed by a queue also on its own lcore
    bool regroups = false; ///< QAIC_PIPE_REGROUPS
};

enum class HandOver {
    END,    ///< a sink
    CALL,   ///< the next stage is called with the burst
    QUEUES, ///< into the queues of the next stage's replicas
    ORDER,  ///< into the window that puts replicas' items into order
};

struct SeatPlan {
    std::size_t stage = 0; ///< index in PipelineSpec::stages
    unsigned replica = 0, lcore = 0, cpu = 0;
    bool called = false; ///< by the one before; otherwise it looks after its queues itself
    HandOver to = HandOver::END;
};

/// Takes what replicas of `stage` finish, in order, and hands it on.
struct GatherPlan {
    std::size_t stage = 0;
    unsigned lcore = 0;
    HandOver to = HandOver::QUEUES; ///< CALL or QUEUES
};

struct QueuePlan {
    std::size_t link = 0; ///< index in PipelineSpec::links
    std::size_t seat = 0; ///< whose queue it is
    unsigned producers = 1;
};

struct Layout {
    std::vector<SeatPlan> seats; ///< in the order of stages, replicas one after the other
    std::vector<GatherPlan> gathers;
    std::vector<QueuePlan> queues;
    std::vector<unsigned> lcores; ///< ascending

    [[nodiscard]] std::vector<std::size_t> seats_of(std::size_t stage) const;
    [[nodiscard]] const GatherPlan* gather_of(std::size_t stage) const;
};

/// A checked pipeline, `traits` of each of its stages. E_UNSUPP: an order that cannot be kept.
Result<Layout> lay_out(const PipelineSpec& p, const place::Placement& placement,
                       const std::vector<StageTraits>& traits);

} // namespace pipeline
