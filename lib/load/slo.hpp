// SPDX-License-Identifier: BSD-3-Clause
// The highest rate that keeps a latency limit, found by trials. Runs nothing itself: it is asked for the next
// trial and told how that went, so the same search runs on a card and on a formula.
//
//   GROW     double the rate until a trial breaks the limit    (SHRINK: halve it until one holds)
//   BISECT   between the highest that held and the lowest that broke, until they are `resolution` apart
//   CHECK    the lowest that broke once more: one hiccup of the host must not halve the answer
//   CONFIRM  the highest that held, for longer; each failure steps down by 1, 2, 4 ... resolutions
#pragma once
#include "base/result.hpp"
#include "load/outcome.hpp"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace qaic::load {

struct SloSettings {
    double fraction = 0.99;                     ///< which percentile of the latency from the due time
    std::uint64_t limit_ns = 0;                 ///< what it must not exceed
    double start_rate = 1000;                   ///< operations/s
    double lowest_rate = 1, highest_rate = 1e9; ///< bounds of the search
    double resolution = 0.02;                   ///< how far apart two rates may be and count as one, relative
    double keep_up = 0.99;                      ///< share of the offered rate that must come back
    double trial_seconds = 2, confirm_seconds = 10;
    double longest_seconds = 120; ///< of a trial, however low its rate
    unsigned step_downs = 3;      ///< failed confirmations that are forgiven
    unsigned contradictions = 2;  ///< rates that broke and then held that are forgiven
};

/// A trial long enough for ten samples beyond the percentile, but not longer than longest_seconds.
struct Trial {
    enum class Step { GROW, SHRINK, BISECT, CHECK, CONFIRM } step = Step::GROW;
    double rate = 0;    ///< operations/s, Poisson
    double seconds = 0; ///< of offered load
};

/// Why a trial did not hold, in order of weight.
enum class Broken { HELD, NOTHING_CAME_BACK, FAILED, UNFINISHED, LATENCY, FELL_BEHIND };

/// HELD: every operation came back with SUCCESS, the percentile of the due-time latency is within the limit,
/// and as many came back as fell due: rate() >= keep_up * offered - 3 * sqrt(completed) / seconds. The last
/// term is what a Poisson count varies by, in case `offered` is the rate that was asked for.
[[nodiscard]] Broken judge_trial(const SloSettings& settings, const Outcome& outcome) noexcept;

enum class SloState {
    SEARCHING,
    FOUND,       ///< `rate` held in the long trial, `broke_at` did not hold
    NOT_REACHED, ///< even the lowest rate breaks the limit, or an operation alone takes longer
    NOT_LIMITED, ///< `rate` is the highest allowed and held in the long trial
    NOT_STABLE,  ///< rates both hold and break, or confirmations keep failing; `rate` is the last that held
                 ///< once
};

struct SloTrial { ///< what became of one trial
    Trial trial;
    Broken broken = Broken::HELD;
    double achieved = 0;             ///< operations/s
    std::uint64_t percentile_ns = 0; ///< of the due-time latency
};

struct SloResult {
    SloState state = SloState::SEARCHING;
    double rate = 0;                 ///< see SloState
    double broke_at = 0;             ///< lowest rate above it that broke; 0: none did
    std::uint64_t percentile_ns = 0; ///< of the trial at `rate`
    std::string reason;              ///< one line, for NOT_REACHED and NOT_STABLE
};

class SloSearch {
  public:
    /// E_INVAL names the setting that makes no sense.
    static Result<SloSearch> make(const SloSettings& settings);
    /// The next trial to run; nothing when the search is over. The same until told().
    [[nodiscard]] std::optional<Trial> next() const;
    /// How the trial of next() went.
    void told(const Outcome& outcome);
    [[nodiscard]] const SloResult& result() const noexcept { return result_; }
    [[nodiscard]] const std::vector<SloTrial>& trials() const noexcept { return trials_; }

  private:
    explicit SloSearch(const SloSettings& settings);
    void held();
    void broke(const Outcome& outcome);
    [[nodiscard]] bool no_rate_will_do(const Outcome& outcome) const;
    void grow();
    void narrow();
    void step_down();
    void go(Trial::Step step, double rate);
    void end(SloState state, std::string reason = {});

    SloSettings settings_;
    Trial trial_;
    double low_ = 0, high_ = 0; ///< highest that held, lowest above it that broke; 0: none yet
    unsigned stepped_down_ = 0, contradicted_ = 0;
    std::vector<SloTrial> trials_;
    SloResult result_;
};

[[nodiscard]] const char* state_name(SloState state) noexcept;
[[nodiscard]] const char* broken_name(Broken broken) noexcept; ///< "latency", "fell behind", ...

} // namespace qaic::load
