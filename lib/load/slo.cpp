// SPDX-License-Identifier: BSD-3-Clause
#include "load/slo.hpp"
#include <algorithm>
#include <cmath>

namespace qaic::load {

namespace {

Result<void> check_range(const char* name, double value, double low, double high)
{
    if (value >= low && value <= high) return {};
    return fail(Code::E_INVAL, "{} {:g}: not between {:g} and {:g}", name, value, low, high);
}

Result<void> check(const SloSettings& s)
{
    if (s.limit_ns == 0) return fail(Code::E_INVAL, "the latency limit is 0: nothing can keep it");
    QAIC_CHECK(check_range("percentile", 100 * s.fraction, 0.001, 99.9999));
    QAIC_CHECK(check_range("lowest rate", s.lowest_rate, 1e-3, 1e12));
    QAIC_CHECK(check_range("highest rate", s.highest_rate, s.lowest_rate, 1e12));
    QAIC_CHECK(check_range("start rate", s.start_rate, s.lowest_rate, s.highest_rate));
    QAIC_CHECK(check_range("resolution", s.resolution, 1e-4, 0.5));
    QAIC_CHECK(check_range("share that must keep up", s.keep_up, 0.1, 1));
    QAIC_CHECK(check_range("longest trial", s.longest_seconds, 0.001, 86400));
    QAIC_CHECK(check_range("trial", s.trial_seconds, 0.001, s.longest_seconds));
    QAIC_CHECK(check_range("confirmation", s.confirm_seconds, s.trial_seconds, s.longest_seconds));
    QAIC_CHECK(check_range("steps down", s.step_downs, 0, 10));
    return check_range("contradictions", s.contradictions, 0, 10);
}

double seconds_of(const SloSettings& s, Trial::Step step, double rate)
{
    const double wanted = step == Trial::Step::CONFIRM ? s.confirm_seconds : s.trial_seconds;
    const double for_samples = 10 / (1 - s.fraction) / rate;
    return std::min(std::max(wanted, for_samples), s.longest_seconds);
}

} // namespace

Broken judge_trial(const SloSettings& s, const Outcome& o) noexcept
{
    if (o.completed() == 0 || o.latency.count() == 0 || !(o.seconds > 0)) return Broken::NOTHING_CAME_BACK;
    if (o.failed != 0) return Broken::FAILED;
    if (o.unfinished != 0) return Broken::UNFINISHED;
    if (o.latency.quantile(s.fraction) > s.limit_ns) return Broken::LATENCY;
    const double chance = 3 * std::sqrt(static_cast<double>(o.completed())) / o.seconds;
    return o.rate() >= s.keep_up * o.offered - chance ? Broken::HELD : Broken::FELL_BEHIND;
}

Result<SloSearch> SloSearch::make(const SloSettings& settings)
{
    QAIC_CHECK(check(settings));
    return SloSearch(settings);
}

SloSearch::SloSearch(const SloSettings& settings) : settings_(settings)
{
    go(Trial::Step::GROW, settings_.start_rate);
}

std::optional<Trial> SloSearch::next() const
{
    if (result_.state != SloState::SEARCHING) return std::nullopt;
    return trial_;
}

void SloSearch::told(const Outcome& outcome)
{
    if (result_.state != SloState::SEARCHING) return;
    trials_.push_back({.trial = trial_,
                       .broken = judge_trial(settings_, outcome),
                       .achieved = outcome.rate(),
                       .percentile_ns = outcome.latency.quantile(settings_.fraction)});
    if (trials_.back().broken == Broken::HELD)
        held();
    else
        broke(outcome);
}

/// A loop starts with nothing out, so its fastest operation waited for none.
bool SloSearch::no_rate_will_do(const Outcome& outcome) const
{
    constexpr std::uint64_t enough = 20;
    return outcome.latency.count() >= enough && outcome.latency.min() > settings_.limit_ns;
}

void SloSearch::held()
{
    low_ = trial_.rate;
    result_.percentile_ns = trials_.back().percentile_ns;
    switch (trial_.step) {
    case Trial::Step::GROW: return grow();
    case Trial::Step::SHRINK:
    case Trial::Step::BISECT: return narrow();
    case Trial::Step::CHECK: {
        if (++contradicted_ > settings_.contradictions)
            return end(SloState::NOT_STABLE, fmt::format("{:g}/s broke the limit and then held it", low_));
        high_ = 0; // what broke above it, if anything, is the bound now
        for (const auto& t : trials_)
            if (t.broken != Broken::HELD && t.trial.rate > low_ && (high_ == 0 || t.trial.rate < high_))
                high_ = t.trial.rate;
        return high_ == 0 ? grow() : narrow();
    }
    case Trial::Step::CONFIRM:
        return end(low_ >= settings_.highest_rate ? SloState::NOT_LIMITED : SloState::FOUND);
    }
}

void SloSearch::broke(const Outcome& outcome)
{
    switch (trial_.step) {
    case Trial::Step::GROW:
    case Trial::Step::SHRINK:
        high_ = trial_.rate;
        if (low_ > 0) return narrow();
        if (high_ <= settings_.lowest_rate || no_rate_will_do(outcome)) return go(Trial::Step::CHECK, high_);
        return go(Trial::Step::SHRINK, std::max(high_ / 2, settings_.lowest_rate));
    case Trial::Step::BISECT: high_ = trial_.rate; return narrow();
    case Trial::Step::CHECK:
        if (low_ > 0) return go(Trial::Step::CONFIRM, low_);
        if (no_rate_will_do(outcome))
            return end(SloState::NOT_REACHED,
                       fmt::format("at {:g}/s the fastest of {} operations took {:.1f} us: no rate will do",
                                   high_, outcome.latency.count(),
                                   static_cast<double>(outcome.latency.min()) / 1e3));
        if (high_ > settings_.lowest_rate)
            return go(Trial::Step::SHRINK, std::max(high_ / 2, settings_.lowest_rate));
        return end(SloState::NOT_REACHED, fmt::format("{:g}/s, the lowest rate, breaks the limit: {}", high_,
                                                      broken_name(trials_.back().broken)));
    case Trial::Step::CONFIRM: return step_down();
    }
}

void SloSearch::grow()
{
    if (low_ >= settings_.highest_rate) return go(Trial::Step::CONFIRM, low_);
    go(Trial::Step::GROW, std::min(2 * low_, settings_.highest_rate));
}

void SloSearch::narrow()
{
    if (high_ <= low_ * (1 + settings_.resolution)) return go(Trial::Step::CHECK, high_);
    go(Trial::Step::BISECT, (low_ + high_) / 2);
}

void SloSearch::step_down()
{
    const auto why = fmt::format("{:g}/s held for {:g} s and broke the limit in {:g} s: {}", trial_.rate,
                                 seconds_of(settings_, Trial::Step::BISECT, trial_.rate), trial_.seconds,
                                 broken_name(trials_.back().broken));
    high_ = trial_.rate;
    const double lower = high_ * (1 - std::min(0.5, settings_.resolution * std::exp2(stepped_down_)));
    if (stepped_down_ >= settings_.step_downs || lower < settings_.lowest_rate)
        return end(SloState::NOT_STABLE, why);
    ++stepped_down_;
    go(Trial::Step::CONFIRM, lower);
}

void SloSearch::go(Trial::Step step, double rate)
{
    trial_ = {.step = step, .rate = rate, .seconds = seconds_of(settings_, step, rate)};
}

void SloSearch::end(SloState state, std::string reason)
{
    result_.state = state;
    result_.rate = low_;
    result_.broke_at = high_;
    result_.reason = std::move(reason);
}

const char* state_name(SloState state) noexcept
{
    constexpr const char* names[] = {"searching", "found", "not reached", "not limited", "not stable"};
    return names[static_cast<std::size_t>(state)];
}

const char* broken_name(Broken broken) noexcept
{
    constexpr const char* names[] = {
        "held",    "nothing came back",           "operations failed", "operations unfinished",
        "latency", "fell behind the offered rate"};
    return names[static_cast<std::size_t>(broken)];
}

} // namespace qaic::load
