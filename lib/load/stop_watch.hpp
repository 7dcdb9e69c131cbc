// SPDX-License-Identifier: BSD-3-Clause
// Ends a run of several lcores once a percentile is known well enough: one lcore asks the stop rule of its
// own samples, now and then, and tells the others by a flag.
#pragma once
#include "load/lane_stats.hpp"
#include "load/probability.hpp"
#include "load/stop_rule.hpp"
#include <atomic>
#include <memory>
#include <span>

namespace qaic::load {

/// Asked once a round by the lcore that it belongs to, which costs a load and a comparison. Each look at the
/// samples is a quarter of the time so far after the one before: a handful each tenfold, so that what falls
/// into a look is lost among the rest. A look merges and sorts histograms, and allocates.
class StopWatch {
  public:
    /// `asks`: this lcore's samples decide; one of all. `first_look`: ticks after the first round. `of`: the
    /// lanes' histogram that is judged. Rule and flag outlive it.
    StopWatch(const StopRule& rule, bool asks, std::uint64_t first_look, stats::Histogram LaneStats::*of,
              std::atomic<bool>& enough)
        : rule_(rule), of_(of), enough_(enough), first_look_(first_look),
          least_(samples_for_interval(rule.settings().fraction, rule.settings().confidence)),
          merged_(asks ? std::make_unique<stats::Histogram>() : nullptr)
    {}

    /// False when the run is over. `lanes`: those of this lcore.
    template<class Lane>
    [[nodiscard]] bool goes_on(std::uint64_t now, std::span<Lane> lanes)
    {
        if (enough_.load(std::memory_order_relaxed)) return false;
        if (merged_ == nullptr || now < next_) return true;
        if (next_ == 0) {
            begun_ = now;
            next_ = now + first_look_;
            return true;
        }
        next_ = now + (now - begun_) / 4;
        ++looks_;
        if (!known(lanes)) return true;
        enough_.store(true, std::memory_order_relaxed);
        return false;
    }
    [[nodiscard]] unsigned looks() const noexcept { return looks_; }

  private:
    template<class Lane>
    [[nodiscard]] bool known(std::span<Lane> lanes)
    {
        std::uint64_t samples = 0;
        for (auto& lane : lanes) samples += (lane.stats().*of_).count();
        if (samples < least_) return false;
        merged_->reset();
        for (auto& lane : lanes) merged_->merge(lane.stats().*of_);
        return rule_.ask(*merged_, 0).state == StopState::ENOUGH; // time and count are the loop's to keep
    }

    const StopRule& rule_;
    stats::Histogram LaneStats::*const of_;
    std::atomic<bool>& enough_;
    const std::uint64_t first_look_, least_;
    std::unique_ptr<stats::Histogram> merged_; ///< null: another lcore asks
    std::uint64_t begun_ = 0, next_ = 0;
    unsigned looks_ = 0;
};

} // namespace qaic::load
