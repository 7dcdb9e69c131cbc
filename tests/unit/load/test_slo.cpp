// SPDX-License-Identifier: BSD-3-Clause
// The search on queues whose answer is known: M/M/1 by formula, M/D/1 by simulation, and hosts with hiccups.
#include "load/slo.hpp"
#include <algorithm>
#include <cmath>
#include <functional>
#include <gtest/gtest.h>
#include <limits>
#include <random>

namespace {
using namespace qaic::load;

using Run = std::function<Outcome(const Trial&)>;

SloSearch search(const SloSettings& s, const Run& run)
{
    auto search = *SloSearch::make(s);
    for (int i = 0; i < 200; ++i) {
        const auto trial = search.next();
        if (!trial) return search;
        search.told(run(*trial));
    }
    ADD_FAILURE() << "the search does not end";
    return search;
}

Outcome came_back(const Trial& t, std::uint64_t n)
{
    Outcome o;
    o.offered = t.rate;
    o.seconds = t.seconds;
    o.submitted = o.succeeded = n;
    return o;
}

/// M/M/1 at 10,000/s: the time in the system is exponential with rate mu - lambda. No chance in it: one
/// sample in the middle of each of n equal shares.
constexpr double mu = 10000;
Outcome mm1(const Trial& t)
{
    const double rate = std::min(t.rate, 0.9999 * mu); // beyond, it serves what it can and the queue grows
    auto o = came_back(t, static_cast<std::uint64_t>(rate * t.seconds));
    for (int i = 0; i < 4000; ++i)
        o.latency.record(static_cast<std::uint64_t>(-std::log((i + 0.5) / 4000) / (mu - rate) * 1e9));
    return o;
}
/// ... so the highest rate with the quantile p at most `limit` seconds.
double mm1_answer(double p, double limit) { return mu + std::log(1 - p) / limit; }

TEST(Slo, FindsTheRateOfAnMm1Queue)
{
    for (const double start : {10.0, 1000.0, 7500.0, 50000.0})
        for (const double p : {0.5, 0.9, 0.99}) {
            const auto s =
                search({.fraction = p, .limit_ns = 2000000, .start_rate = start, .resolution = 0.005}, mm1);
            EXPECT_EQ(s.result().state, SloState::FOUND) << start << " " << p;
            // Resolution below; the histogram's 0.8 % of the latency above, too.
            EXPECT_NEAR(s.result().rate, mm1_answer(p, 2e-3), 0.015 * mm1_answer(p, 2e-3))
                << start << " " << p;
            EXPECT_LE(s.result().broke_at, 1.0051 * s.result().rate);
            EXPECT_LE(s.result().percentile_ns, 2000000u);
            EXPECT_EQ(s.trials().back().trial.step, Trial::Step::CONFIRM);
            EXPECT_EQ(s.trials().back().trial.rate, s.result().rate);
            EXPECT_LE(s.trials().size(), 30u);
        }
}

/// M/D/1 by Lindley's recurrence, samples and all.
Outcome md1(const Trial& t, double service, unsigned seed)
{
    std::mt19937_64 random(seed);
    std::exponential_distribution<double> gap(t.rate);
    Outcome o;
    double due = 0, free_at = 0;
    for (due = gap(random); due < t.seconds; due += gap(random)) {
        free_at = std::max(free_at, due) + service;
        o.latency.record(static_cast<std::uint64_t>((free_at - due) * 1e9));
        ++o.submitted, ++o.succeeded;
    }
    o.offered = static_cast<double>(o.submitted) / t.seconds;
    o.seconds = std::max(due, free_at);
    return o;
}

TEST(Slo, FindsTheRateOfASampledMd1Queue)
{
    // 100 us a piece. Waiting in M/D/1 has the tail C exp(-s w) with s the root of lambda (exp(s d) - 1) = s
    // and C = (1 - rho) / (lambda d exp(s d) - 1).
    const auto tail = [](double rho) {
        double low = 1e-9, high = 20; // s * d
        for (int i = 0; i < 100; ++i) {
            const double m = (low + high) / 2;
            (rho * (std::exp(m) - 1) < m ? low : high) = m;
        }
        const double c = (1 - rho) / (rho * std::exp(low) - 1);
        return 1e-4 * (1 + std::log(c / 0.01) / low);
    };
    double low = 0.1, high = 0.99; // rho at which p99 is 500 us
    for (int i = 0; i < 60; ++i) {
        const double m = (low + high) / 2;
        (tail(m) < 5e-4 ? low : high) = m;
    }
    unsigned found = 0;
    for (unsigned seed = 0; seed < 10; ++seed) {
        unsigned trial = 0;
        const auto s = search({.fraction = 0.99, .limit_ns = 500000, .confirm_seconds = 20},
                              [&](const Trial& t) { return md1(t, 1e-4, 1000 * seed + trial++); });
        if (s.result().state != SloState::FOUND) continue;
        ++found;
        EXPECT_NEAR(s.result().rate, low * 1e4, 0.06 * low * 1e4) << seed;
    }
    EXPECT_GE(found, 9u);
}

TEST(Slo, SaysWhenEvenTheLowestRateBreaksTheLimit)
{
    // The service alone takes longer than the limit.
    const auto s = search({.limit_ns = 10000, .lowest_rate = 10}, mm1);
    EXPECT_EQ(s.result().state, SloState::NOT_REACHED);
    EXPECT_EQ(s.result().rate, 0);
    EXPECT_EQ(s.result().broke_at, 10);
    EXPECT_NE(s.result().reason.find("10/s, the lowest rate, breaks the limit: latency"), std::string::npos)
        << s.result().reason;
}

TEST(Slo, GivesUpAtOnceWhenTheFastestTakesLonger)
{
    const auto fixed = [](const Trial& t) {
        auto o = mm1(t);
        o.latency = {};
        for (int i = 0; i < 100; ++i) o.latency.record(2'000'000);
        return o;
    };
    const auto s = search({.limit_ns = 1'000'000}, fixed);
    EXPECT_EQ(s.result().state, SloState::NOT_REACHED);
    EXPECT_EQ(s.result().reason, "at 1000/s the fastest of 100 operations took 2000.0 us: no rate will do");
    EXPECT_EQ(s.trials().size(), 2U); // once more, in case the host was away
}

TEST(Slo, SaysWhenNothingLimitsUpToTheHighestRate)
{
    const auto s = search({.limit_ns = 100000000, .start_rate = 100, .highest_rate = 5000}, mm1);
    EXPECT_EQ(s.result().state, SloState::NOT_LIMITED);
    EXPECT_EQ(s.result().rate, 5000);
    EXPECT_EQ(s.result().broke_at, 0);
    EXPECT_EQ(s.trials().back().trial.seconds, 10);
}

TEST(Slo, OneHiccupOnTheWayUpDoesNotHalveTheAnswer)
{
    for (unsigned hiccup = 0; hiccup < 12; ++hiccup) {
        unsigned trial = 0;
        const auto s = search({.limit_ns = 2000000}, [&](const Trial& t) {
            auto o = mm1(t);
            if (trial++ == hiccup) o.latency.record(1), o.failed = 1;
            return o;
        });
        EXPECT_EQ(s.result().state, SloState::FOUND) << hiccup;
        EXPECT_NEAR(s.result().rate, mm1_answer(0.99, 2e-3), 0.06 * mm1_answer(0.99, 2e-3)) << hiccup;
    }
}

TEST(Slo, ATailThatOnlyLongTrialsSeeStepsDown)
{
    // Long trials see a queue that is 3 % slower.
    const auto slower = [](const Trial& t) {
        auto u = t;
        if (t.step == Trial::Step::CONFIRM) u.rate *= 1.03;
        return mm1(u);
    };
    const auto s = search({.limit_ns = 2000000, .resolution = 0.01}, slower);
    EXPECT_EQ(s.result().state, SloState::FOUND);
    EXPECT_NEAR(s.result().rate, mm1_answer(0.99, 2e-3) / 1.03, 0.02 * mu);
    EXPECT_EQ(std::count_if(s.trials().begin(), s.trials().end(),
                            [](const SloTrial& t) { return t.trial.step == Trial::Step::CONFIRM; }),
              3);
}

TEST(Slo, ConfirmationsThatKeepFailingAreNotStable)
{
    const auto s = search({.limit_ns = 2000000}, [](const Trial& t) {
        auto o = mm1(t);
        if (t.step == Trial::Step::CONFIRM) o.unfinished = 1;
        return o;
    });
    EXPECT_EQ(s.result().state, SloState::NOT_STABLE);
    EXPECT_EQ(std::count_if(s.trials().begin(), s.trials().end(),
                            [](const SloTrial& t) { return t.trial.step == Trial::Step::CONFIRM; }),
              4);
    EXPECT_NE(s.result().reason.find("operations unfinished"), std::string::npos) << s.result().reason;
    EXPECT_GT(s.result().rate, 0);
}

TEST(Slo, RatesThatBothHoldAndBreakAreNotStable)
{
    // Every rate breaks at first sight and holds at second, from 2000/s on.
    std::vector<double> seen;
    const auto s = search({.limit_ns = 2000000, .start_rate = 1500}, [&](const Trial& t) {
        auto o = mm1({.step = t.step, .rate = 100, .seconds = t.seconds});
        o.offered = o.rate();
        if (t.rate > 2000 && std::find(seen.begin(), seen.end(), t.rate) == seen.end()) o.failed = 1;
        seen.push_back(t.rate);
        return o;
    });
    EXPECT_EQ(s.result().state, SloState::NOT_STABLE);
    EXPECT_NE(s.result().reason.find("broke the limit and then held it"), std::string::npos)
        << s.result().reason;
}

TEST(Slo, AnyCoinTossEndsWithAVerdict)
{
    unsigned seen[5] = {};
    for (unsigned seed = 0; seed < 500; ++seed) {
        std::mt19937_64 random(seed);
        const auto s = search({.limit_ns = 2000000, .resolution = 1e-4}, [&](const Trial& t) {
            auto o = mm1(t);
            o.failed = random() % 2;
            return o;
        });
        ++seen[static_cast<std::size_t>(s.result().state)];
    }
    EXPECT_EQ(seen[0], 0u);
    EXPECT_GT(seen[static_cast<std::size_t>(SloState::NOT_STABLE)], 0u);
}

TEST(Slo, ATrialHoldsOnlyIfAllOfItDoes)
{
    const SloSettings s{.fraction = 0.99, .limit_ns = 1000, .keep_up = 0.99};
    Outcome good;
    good.offered = 1e6, good.seconds = 1, good.succeeded = 1000000;
    for (int i = 0; i < 100; ++i) good.latency.record(i == 99 ? 5000 : 100); // p99 is the 99th of 100
    EXPECT_EQ(judge_trial(s, good), Broken::HELD);
    auto o = good;
    o.latency.record(5000), o.latency.record(5000);
    EXPECT_EQ(judge_trial(s, o), Broken::LATENCY);
    o = good, o.failed = 1;
    EXPECT_EQ(judge_trial(s, o), Broken::FAILED);
    o = good, o.unfinished = 1;
    EXPECT_EQ(judge_trial(s, o), Broken::UNFINISHED);
    o = good, o.succeeded = 988000; // 1 % and three deviations are 987,000 + 20
    EXPECT_EQ(judge_trial(s, o), Broken::HELD);
    o = good, o.succeeded = 986000;
    EXPECT_EQ(judge_trial(s, o), Broken::FELL_BEHIND);
    EXPECT_EQ(judge_trial(s, Outcome{}), Broken::NOTHING_CAME_BACK);
}

TEST(Slo, LowRatesGetTheTimeForTheirSamples)
{
    const auto seconds = [](double rate, double fraction) {
        return SloSearch::make({.fraction = fraction, .limit_ns = 1, .start_rate = rate})->next()->seconds;
    };
    EXPECT_EQ(seconds(1e6, 0.99), 2);
    EXPECT_NEAR(seconds(100, 0.99), 10, 1e-9);
    EXPECT_EQ(seconds(1, 0.99), 120);
    EXPECT_NEAR(seconds(1e4, 0.9999), 10, 1e-6);
}

TEST(Slo, RefusesSettingsThatMakeNoSense)
{
    constexpr auto nan = std::numeric_limits<double>::quiet_NaN();
    const std::pair<SloSettings, const char*> bad[] = {
        {{}, "limit is 0"},
        {{.fraction = 1, .limit_ns = 1}, "percentile 100"},
        {{.fraction = nan, .limit_ns = 1}, "percentile nan"},
        {{.limit_ns = 1, .start_rate = 0.1}, "start rate 0.1"},
        {{.limit_ns = 1, .lowest_rate = 0}, "lowest rate 0"},
        {{.limit_ns = 1, .highest_rate = nan}, "highest rate nan"},
        {{.limit_ns = 1, .resolution = 0}, "resolution 0"},
        {{.limit_ns = 1, .keep_up = 2}, "keep up 2"},
        {{.limit_ns = 1, .trial_seconds = 1000}, "trial 1000"},
        {{.limit_ns = 1, .confirm_seconds = 1}, "confirmation 1"},
        {{.limit_ns = 1, .step_downs = 11}, "steps down 11"},
    };
    for (const auto& [settings, text] : bad) {
        const auto made = SloSearch::make(settings);
        ASSERT_FALSE(made) << text;
        EXPECT_NE(made.error().text.find(text), std::string::npos) << made.error().text;
    }
}

} // namespace
