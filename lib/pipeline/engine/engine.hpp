// SPDX-License-Identifier: BSD-3-Clause
// A pipeline that runs: its stages as nodes of one rte_graph for each lcore, its links as rte_rings.
// docs/adr/0012
#pragma once
#include "pipeline/engine/pool.hpp"
#include "pipeline/engine/worker.hpp"
#include "pipeline/snapshot.hpp"

namespace pipeline {

struct EngineOptions {
    std::string folder = "."; ///< what relative paths in options start from
    std::uint32_t items = 0;  ///< in flight at most; 0: what queues, cards and batches can hold
    bool give_way = false;    ///< idle lcores yield: where they are more than CPUs
};

/// Control functions from one thread, which is none of the pipeline's lcores; snapshot() from any. EAL runs,
/// with all lcores of the placement.
class Engine {
  public:
    /// Creates all stages, queues and graphs; nothing moves. Errors name the place in the file.
    static Result<std::unique_ptr<Engine>> make(const PipelineSpec& spec, const place::Placement& placement,
                                                const EngineOptions& options);
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    /// Stops if it runs.
    ~Engine();

    /// E_STATE: an lcore is busy with something else.
    Result<void> start();
    /// Every source has ended by itself, and nothing is in flight; or a link with "fail" was full.
    [[nodiscard]] bool finished() const;
    [[nodiscard]] bool failed() const { return orders_.failed.load(); }
    /// Sources stop; the rest goes its way. The caller looks at drained() as long as it cares to: every
    /// source has stopped or ended, and nothing is in flight.
    void drain() { orders_.draining.store(true); }
    [[nodiscard]] bool drained() const;
    /// Lcores leave; what is still in flight is dropped for "stopped". Then stages finish: the first error.
    /// In the end the ledger must balance: E_STATE when it does not.
    Result<void> stop();
    /// Stages that can read again what they read at the start: the first error, after all were asked.
    Result<void> reload();

    [[nodiscard]] PipelineSnapshot snapshot() const;
    [[nodiscard]] const PipelineSpec& spec() const { return spec_; }
    [[nodiscard]] const Layout& layout() const { return layout_; }

  private:
    friend class Builder;
    Engine() = default;
    [[nodiscard]] Ledger ledger() const;
    void drop_what_is_left();

    PipelineSpec spec_;
    Layout layout_;
    Orders orders_;
    ItemPool pool_, regroup_pool_;
    std::vector<std::unique_ptr<Link>> links_;
    std::vector<std::size_t> link_seats_; ///< whose queue each link is
    std::vector<std::unique_ptr<OrderWindow>> windows_;
    std::vector<std::unique_ptr<Seat>> seats_;   ///< as layout_.seats
    std::vector<std::unique_ptr<Seat>> gathers_; ///< as layout_.gathers
    std::vector<std::unique_ptr<Worker>> workers_;
    std::uint64_t started_tsc_ = 0, stopped_tsc_ = 0;
    bool running_ = false, finished_stages_ = false;
};

} // namespace pipeline
