// SPDX-License-Identifier: BSD-3-Clause
// How fast a pipeline will be, and what will limit it, before it runs: arithmetic on costs that the caller
// measured or looked up. Needs no EAL. Any thread.
//
// The model: copies share a stage's items evenly; an lcore's stages take turns and handing over is free; full
// links hold their source back. What is dropped on the way costs its earlier stages more than is said here.
#pragma once
#include "pipeline/spec.hpp"

namespace pipeline {

/// What one item costs the lcore of a stage.
struct StageCost {
    double cycles_per_item = 0, cycles_per_byte = 0;
    double bytes = 0;      ///< of an item as it comes
    double out_per_in = 1; ///< items handed on for one taken: 1/8 of a stage that makes batches of 8
};

/// What a card can do for a stage. A stage on several cards has several: items go to each in proportion to
/// what it can do.
struct CardCost {
    std::string stage, card;
    double items_per_second = 0; ///< what the card computes at most, however deep the queue; above 0
    double latency_us = 0;       ///< of one item alone, from enqueue to dequeue; above 0
    unsigned depth = 1;          ///< items in flight at most, of all copies of the stage
};

struct Costs {
    double cpu_hz = 0;                       ///< cycles a second, above 0
    std::map<std::string, StageCost> stages; ///< those that are missing count as free, with a warning
    std::vector<CardCost> cards;
    std::map<std::string, double> offered; ///< items/s that a source has; missing: as fast as it is let
    std::vector<std::string> need_order;   ///< stages for which items must come in their order
};

struct Limit {
    enum class Kind { LCORE, CARD, SOURCE };
    Kind kind = Kind::LCORE;
    std::string what;                 ///< "lcore 2", "card0", "source nic"
    std::vector<std::string> sources; ///< those it holds at their rate
    std::string why;                  ///< one sentence, with figures
};

struct StageRate {
    std::string stage;
    double in = 0; ///< items/s it takes; of a source that it makes
};

struct LcoreUse {
    unsigned lcore = 0, cpu = 0;
    double share = 0; ///< of its cycles, 0 to 1
    std::vector<std::string> stages;
};

struct Prediction {
    std::vector<StageRate> stages; ///< as the spec has them
    std::vector<LcoreUse> lcores;  ///< by number
    std::vector<Limit> limits;     ///< the first that is reached comes first; each source is under one
    double items_per_second = 0;   ///< into all sinks
    std::vector<std::string> warnings;
};

/// E_INVAL: a stage without a CPU in `placement`, a cost that is negative or no number, a card's stage or a
/// rate's source that is not there, or a pipeline that nothing limits.
Result<Prediction> predict(const PipelineSpec& spec, const place::Placement& placement, const Costs& costs);

/// What can be seen without any rate: short links, waits against deadlines, lost order, shared CPUs.
std::vector<std::string> doubts(const PipelineSpec& spec, const place::Placement& placement,
                                const Costs& costs);

/// For people: a line a stage and lcore, then limits and warnings.
std::string prediction_text(const PipelineSpec& spec, const Prediction& prediction);

} // namespace pipeline
