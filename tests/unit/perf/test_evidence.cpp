// SPDX-License-Identifier: BSD-3-Clause
// From a run to the sentence about it: a closed loop in virtual time, on a queue that has one bottleneck
// each.
#include "../load/fake_queue.hpp"
#include "a_report.hpp"
#include "evidence.hpp"
#include "load/closed_loop.hpp"
#include "load/explain.hpp"
#include <gtest/gtest.h>

namespace {
using namespace qaic;
using namespace qaic::perf;
using load::Bottleneck;

struct Setting {
    load::test::FakeQueue queue;
    std::uint16_t depth = 64, burst = 8;
    std::string devargs;
    int lcore_numa = 0;
};

/// As run_phases.cpp puts it together; a tick is a nanosecond.
std::unique_ptr<Report> report_of(Setting& s)
{
    const auto stats = std::make_unique<load::LaneStats>();
    load::LoopStats loop;
    load::test::CountingObserver observer;
    load::test::FakeOps ops(s.depth);
    load::test::FakeLane lane(s.queue, ops.slots, observer, *stats, s.burst, 1);
    const auto go_on = [](std::uint64_t) { return true; };
    const load::LoopPlan plan{.count = 20000, .stall_ticks = 1'000'000'000};
    load::ClosedLoop(s.queue, std::span(&lane, 1), plan, loop, go_on).run();

    auto r = test::good_report();
    r->options.devices = {"ml_qaic_vfu0" + s.devargs};
    r->options.queue_depth = s.depth;
    r->device.numa = 0;
    r->costs = stats->costs;
    r->measure.ledger = stats->ledger;
    const auto all = static_cast<double>(loop.busy_ticks + loop.idle_ticks);
    r->lcores = {{0, static_cast<double>(loop.busy_ticks) / all, s.lcore_numa, loop.busy_ticks}};
    r->lanes.resize(1);
    r->outcome = {};
    r->outcome.seconds = static_cast<double>(loop.last_tick - loop.first_tick) / 1e9;
    r->outcome.succeeded = stats->ledger.succeeded;
    r->outcome.service = stats->service;
    return r;
}

load::Explanation said_of(Setting s)
{
    const auto r = report_of(s);
    return load::explain(r->outcome, evidence_of(*r));
}

TEST(Evidence, DearDoorbells)
{
    Setting s;
    s.queue.enqueue_ticks = 500, s.burst = 1;
    EXPECT_EQ(said_of(s).bottleneck, Bottleneck::DOORBELLS) << said_of(s).sentence;
    s.burst = 16; // as dear, but few
    EXPECT_EQ(said_of(s).bottleneck, Bottleneck::CORE) << said_of(s).sentence;
}

TEST(Evidence, CheapDoorbellsAreNotWhatAnotherworkCosts)
{
    Setting s;
    s.burst = 1, s.queue.dequeue_ticks = 500;
    EXPECT_EQ(said_of(s).bottleneck, Bottleneck::CORE) << said_of(s).sentence;
}

TEST(Evidence, RegisterReadsOfTheDevargThatAsksForThem)
{
    Setting s;
    s.queue.dequeue_ticks = 800;
    EXPECT_EQ(said_of(s).bottleneck, Bottleneck::CORE) << said_of(s).sentence;
    for (const auto* how : {",completion=confirmed", ",completion=register"}) {
        s.devargs = how;
        EXPECT_EQ(said_of(s).bottleneck, Bottleneck::REGISTERS) << how << said_of(s).sentence;
    }
}

TEST(Evidence, FarMemory)
{
    Setting s;
    s.queue.dequeue_ticks = s.queue.enqueue_ticks = 300, s.lcore_numa = 1;
    const auto said = said_of(s);
    EXPECT_EQ(said.bottleneck, Bottleneck::FAR_MEMORY) << said.sentence;
    EXPECT_NE(said.sentence.find("another NUMA node"), std::string::npos);
    s.lcore_numa = -1; // not known
    EXPECT_EQ(said_of(s).bottleneck, Bottleneck::CORE) << said_of(s).sentence;
}

TEST(Evidence, WhatWaitsBehindTheDoorbellIsTheDevicesDoing)
{
    Setting s;
    s.queue.one_server = true, s.queue.service_ticks = 5000;
    const auto r = report_of(s);
    r->alone_ns = 5000;
    auto said = load::explain(r->outcome, evidence_of(*r));
    EXPECT_EQ(said.bottleneck, Bottleneck::DEVICE) << said.sentence;
    r->alone_ns = r->outcome.service.mean(); // no slower than alone: the depth holds it back
    said = load::explain(r->outcome, evidence_of(*r));
    EXPECT_EQ(said.bottleneck, Bottleneck::DEPTH) << said.sentence;
}

TEST(Evidence, CardsThatTell)
{
    const auto r = test::good_report();
    r->cards.resize(2);
    EXPECT_LT(evidence_of(*r).card_busy, 0); // no timing model, nothing to tell
    r->cards[0].timed = r->cards[1].timed = true;
    r->cards[0].all_busy = 0.2, r->cards[0].link_out = 0.1;
    r->cards[1].all_busy = 0.9, r->cards[1].mean_waiting = 3, r->cards[1].link_in = 0.3;
    const auto e = evidence_of(*r);
    EXPECT_EQ(e.card_busy, 0.9);
    EXPECT_EQ(e.card_waiting, 3);
    EXPECT_EQ(e.link_busy, 0.3);
    EXPECT_FALSE(reads_are_counted(*r));
    r->cards[0].trapped = r->cards[1].trapped = true;
    r->cards[0].doorbell_reads = 30, r->cards[1].doorbell_reads = 20;
    EXPECT_TRUE(reads_are_counted(*r));
    EXPECT_DOUBLE_EQ(evidence_of(*r).mmio_reads_per_op, 0.5);
}

} // namespace
