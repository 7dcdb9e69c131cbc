// SPDX-License-Identifier: BSD-3-Clause
// From a checked pipeline and its placement to an Engine whose parts know each other.
#pragma once
#include "pipeline/engine/engine.hpp"

namespace pipeline {

class Builder {
  public:
    Builder(const PipelineSpec& spec, const place::Placement& placement, const EngineOptions& options);
    Result<std::unique_ptr<Engine>> build();

  private:
    /// Creates the stages only to ask what they need; nothing outside the process is touched.
    Result<void> measure();
    Result<void*> create(const SeatPlan& plan, rte_mempool* pool);
    Result<void> make_seats();
    void make_gathers();
    Result<void> make_links();
    void join(); ///< exits, windows, gates
    void join_exit(Seat& seat, std::size_t stage);
    Result<void> make_pools();
    Result<void> start_stages();
    Result<void> make_graphs();
    [[nodiscard]] Seat* called_by(const Seat& seat);
    [[nodiscard]] std::size_t stage_after(std::size_t stage) const;
    [[nodiscard]] std::size_t window_of(std::size_t stage) const; ///< its place in gathers

    const place::Placement& placement_;
    EngineOptions options_;
    std::unique_ptr<Engine> e_;
    std::uint64_t room_ = 0;  ///< bytes of an item
    std::uint64_t items_ = 0; ///< that stages may keep
    unsigned number_;         ///< makes names of rings, nodes and pools unique in the process
};

} // namespace pipeline
