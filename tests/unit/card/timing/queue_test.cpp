// SPDX-License-Identifier: BSD-3-Clause
// A card with a timing model is the queue that it says it is, to the nanosecond.
#include "timed_rig.hpp"

namespace timing_test {
namespace {
using card::ServiceTime;

TEST(TimingQueue, OneSlotFixedIsMD1Exactly)
{
    for (const auto gap : {200us, 125us, 101us}) { // rho 0.5, 0.8, 0.99
        TimedCard card({.mean = 100us}, 64, 64);
        const auto arrivals = poisson(3000, gap, 7);
        EXPECT_EQ(card.run(arrivals), departures(arrivals, 100us)) << gap.count();
    }
}

/// What was due in between has its own time: a late poll delays when a response is seen, and nothing else.
TEST(TimingQueue, LatePollsChangeNothingButWhenResponsesAreSeen)
{
    TimedCard card({.mean = 100us, .in_bytes_per_s = 1'000'000'000, .out_bytes_per_s = 500'000'000}, 5000,
                   1000);
    const auto arrivals = poisson(1500, 125us, 11);
    constexpr Nanos every = 1700us;
    auto expected = departures(departures(departures(arrivals, 5us), 100us), 2us);
    // Polls happen at arrivals too: the first one that is not too early shows it.
    for (auto& at : expected) {
        const auto next = std::lower_bound(arrivals.begin(), arrivals.end(), at);
        const auto tick = (at + every - 1ns) / every * every;
        at = next == arrivals.end() ? tick : std::min(tick, *next);
    }
    EXPECT_EQ(card.run(arrivals, every), expected);
}

TEST(TimingQueue, SlotsComputeSideBySide)
{
    for (const unsigned slots : {2u, 5u, 16u}) {
        TimedCard card({.mean = 1ms, .slots = slots}, 64, 64);
        const auto arrivals = poisson(2000, 1100us / slots, slots);
        EXPECT_EQ(card.run(arrivals), departures(arrivals, 1ms, slots)) << slots;
    }
}

TEST(TimingQueue, LinksCarryOneTransferAfterTheOther)
{
    // 150,528 bytes at 12 GB/s take 12,544 ns; 4,000 at 8 GB/s 500 ns. The inbound link is what limits.
    TimedCard card(
        {.mean = 10us, .in_bytes_per_s = 12'000'000'000, .out_bytes_per_s = 8'000'000'000, .copy = false},
        150'528, 4000);
    const auto arrivals = poisson(2000, 13us, 3);
    EXPECT_EQ(card.run(arrivals), departures(departures(departures(arrivals, 12'544ns), 10us), 500ns));
}

TEST(TimingQueue, DrawnTimesMakeTheSameRecursion)
{
    for (const auto kind : {ServiceTime::EXPONENTIAL, ServiceTime::LOGNORMAL}) {
        const card::TimingModel model{.service = kind, .mean = 50us, .spread = 20us, .seed = 42};
        card::ServiceTimes same(model);
        std::vector<Nanos> service(2000);
        for (auto& s : service) s = same.draw();
        TimedCard card(model, 64, 64);
        const auto arrivals = poisson(service.size(), 60us, 5);
        EXPECT_EQ(card.run(arrivals), departures(arrivals, service));
    }
}

/// Several slots and drawn times: computations overtake each other, results of one activation do not.
TEST(TimingQueue, ResultsOfAnActivationKeepTheirOrder)
{
    const card::TimingModel model{.service = ServiceTime::EXPONENTIAL, .mean = 1ms, .slots = 8};
    card::ServiceTimes same(model);
    std::vector<Nanos> service(1000);
    for (auto& s : service) s = same.draw();
    TimedCard card(model, 64, 64);
    const auto arrivals = poisson(service.size(), 200us, 5);
    auto expected = departures(arrivals, service, 8);
    for (std::size_t i = 1; i < expected.size(); ++i) expected[i] = std::max(expected[i], expected[i - 1]);
    EXPECT_EQ(card.run(arrivals), expected);
}

TEST(TimingQueue, TheProgramsOwnTimeIsAdded)
{
    Rig rig(card_with({.mean = 100us}));
    rig.handshake();
    auto spec = echo_program(64);
    spec.builtin = aic100::NspBuiltin::WAIT, spec.arg0 = 30'000;
    auto a = rig.run(spec);
    TimedCard other({}, 64, 64);
    auto e = other.elements(1);
    e[0].source = rig.host_memory(64), e[1].destination = rig.host_memory(64);
    e[0].destination = a.resp.ddr_base, e[1].source = a.resp.ddr_base + 64;
    e[0].doorbell_addr = a.resp.mcid_base, e[1].doorbell_addr = a.resp.mcid_base + 4;
    rig.submit(a, e);
    rig.settle();
    EXPECT_EQ(rig.qsm->next_due(), Nanos(130us));
}

TEST(TimingQueue, InfinitelyFastNeedsNoTime)
{
    TimedCard card({.copy = false}, 150'528, 1000);
    for (std::uint16_t i = 0; i < 2000; ++i) {
        card.rig.submit(card.a, card.elements(i));
        const auto got = card.rig.finish(card.a);
        ASSERT_EQ(got.size(), 1u);
        ASSERT_EQ(got[0].req_id, i);
    }
    EXPECT_FALSE(card.rig.qsm->next_due());
    EXPECT_EQ(card.rig.qsm->timing()->computed, 2000u);
}

TEST(TimingQueue, SixteenCardsAreSixteenQueues)
{
    std::vector<std::unique_ptr<TimedCard>> cards;
    for (unsigned i = 0; i < 16; ++i)
        cards.push_back(std::make_unique<TimedCard>(
            card::TimingModel{.mean = 100us, .slots = 1 + i % 3, .copy = false}, 64, 64));
    for (unsigned i = 0; i < 16; ++i) {
        const auto arrivals = poisson(300, 120us / (1 + i % 3), 100 + i);
        EXPECT_EQ(cards[i]->run(arrivals), departures(arrivals, 100us, 1 + i % 3)) << i;
    }
}

TEST(ServiceTimes, HaveTheMeanAndSpreadAsked)
{
    constexpr unsigned draws = 400'000;
    const auto moments = [](const card::TimingModel& model) {
        card::ServiceTimes times(model);
        double sum = 0, squares = 0;
        for (unsigned i = 0; i < draws; ++i) {
            const auto v = static_cast<double>(times.draw().count());
            sum += v, squares += v * v;
        }
        const auto mean = sum / draws;
        return std::pair(mean, std::sqrt(squares / draws - mean * mean));
    };
    const auto exponential = moments({.service = ServiceTime::EXPONENTIAL, .mean = 100us});
    EXPECT_NEAR(exponential.first, 100'000, 1000);
    EXPECT_NEAR(exponential.second, 100'000, 1500);
    const auto lognormal = moments({.service = ServiceTime::LOGNORMAL, .mean = 12ms, .spread = 3ms});
    EXPECT_NEAR(lognormal.first, 12e6, 0.05e6);
    EXPECT_NEAR(lognormal.second, 3e6, 0.05e6);
    const auto fixed = moments({.mean = 47us, .spread = 5us});
    EXPECT_EQ(fixed.first, 47'000);
    EXPECT_EQ(moments({.service = ServiceTime::EXPONENTIAL}).first, 0); // mean 0 is no time at all
}

TEST(ServiceTimes, TheSeedDecidesTheSequence)
{
    const card::TimingModel model{.service = ServiceTime::EXPONENTIAL, .mean = 1ms, .seed = 5};
    auto other = model;
    other.seed = 6;
    card::ServiceTimes a(model), b(model), c(other);
    const auto first = a.draw();
    EXPECT_EQ(first, b.draw());
    EXPECT_NE(first, c.draw());
}

} // namespace
} // namespace timing_test
