// SPDX-License-Identifier: BSD-3-Clause
// When operations fall due, whatever the driver is doing: the clock of an open loop. Drawn one after the
// other, without memory, so that a backlog costs nothing to hold.
#pragma once
#include "base/result.hpp"
#include <array>
#include <boost/random/exponential_distribution.hpp>
#include <boost/random/mersenne_twister.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace qaic::load {

enum class ArrivalKind : std::uint8_t { FIXED, POISSON, TRAINS, REPLAY };

struct ArrivalPlan {
    ArrivalKind kind = ArrivalKind::POISSON;
    double per_second = 0;            ///< mean rate; REPLAY: ignored
    std::uint32_t train = 1;          ///< TRAINS: so many fall due at once, trains are evenly spaced
    std::vector<std::uint64_t> times; ///< REPLAY: ns from the start, in order
    std::uint64_t seed = 1;
};

/// E_INVAL: no rate, an empty train or schedule, times that go back. The text names what is wrong.
Result<void> check(const ArrivalPlan& plan);

/// One thread. Positions are ticks from the start of the run, as a count of a clock of `hz`; a mean is kept
/// to the precision of a double, so a run of days does not drift.
class Arrivals {
  public:
    static constexpr std::uint64_t never = ~std::uint64_t{0};

    /// `plan` was checked; REPLAY reads its times from there, so it must stay.
    Arrivals(const ArrivalPlan& plan, double hz);

    /// The next due time; `never` after the last of a schedule. Never smaller than the one before.
    [[nodiscard]] std::uint64_t next() noexcept
    {
        if (taken_ == drawn_.size()) draw();
        return drawn_[taken_++];
    }

  private:
    void draw() noexcept;
    [[nodiscard]] std::uint64_t replay() noexcept;

    std::array<std::uint64_t, 64> drawn_; ///< many at once are drawn in a third of the time
    std::size_t taken_ = drawn_.size();
    ArrivalKind kind_;
    double at_, gap_; ///< ticks
    std::uint32_t train_, in_train_ = 0;
    boost::random::mt19937_64 random_;
    boost::random::exponential_distribution<double> draw_;
    const std::vector<std::uint64_t>& times_;
    std::size_t replayed_ = 0;
    double ticks_per_ns_;
};

/// Due times of a schedule file: one number a line, ns from the start; empty lines and `#` are skipped.
/// E_FORMAT "NAME:LINE: what".
Result<std::vector<std::uint64_t>> parse_schedule(std::string_view text, const std::string& name);

} // namespace qaic::load
