// SPDX-License-Identifier: BSD-3-Clause
#include "load/explain.hpp"
#include <gtest/gtest.h>

namespace {
using namespace qaic::load;

Outcome outcome_at(double offered, std::uint64_t per_second)
{
    Outcome o;
    o.offered = offered, o.seconds = 1, o.succeeded = per_second;
    return o;
}

void expect(const Evidence& e, const Outcome& o, Bottleneck want, std::initializer_list<const char*> parts)
{
    const auto got = explain(o, e);
    EXPECT_EQ(got.bottleneck, want) << got.sentence;
    for (const auto* part : parts)
        EXPECT_NE(got.sentence.find(part), std::string::npos) << part << " in " << got.sentence;
    EXPECT_EQ(got.sentence.back(), '.');
    EXPECT_EQ(got.sentence.find('\n'), std::string::npos);
}

TEST(Explain, OneEvidenceForEachRule)
{
    const auto closed = outcome_at(0, 1000), open = outcome_at(1000, 1000);
    const Evidence idle{
        .core_busy = 0.3, .card_busy = 0.4, .fifo_full = 0, .link_busy = 0.2, .doorbells_per_op = 0.06};
    auto e = idle;
    e.card_busy = 0.97, e.card_waiting = 12.34;
    expect(e, open, Bottleneck::CARD,
           {"The card is the limit", "97 %", "12.3 operations wait", "add activations or cards"});
    e = idle, e.link_busy = 0.88;
    expect(e, open, Bottleneck::LINK, {"link is the limit", "88 %", "smaller"});
    e = idle, e.core_busy = 0.99, e.mmio_reads_per_op = 0.5;
    expect(e, open, Bottleneck::REGISTERS, {"99 %", "0.50 reads", "completion=memory"});
    e = idle, e.core_busy = 0.99, e.doorbells_per_op = 2, e.burst_mean = 1;
    expect(e, open, Bottleneck::DOORBELLS, {"99 %", "2.00 an operation, bursts hold 1.0", "raise --burst"});
    e = idle, e.core_busy = 0.92, e.far_memory = true;
    expect(e, open, Bottleneck::FAR_MEMORY, {"92 %", "another NUMA node", "numactl"});
    e = idle, e.core_busy = 0.92;
    expect(e, open, Bottleneck::CORE, {"moved operations 92 %", "add lcores"});
    e = idle, e.fifo_full = 0.25;
    expect(e, open, Bottleneck::DEPTH,
           {"request FIFO is the limit: 25 %", "card 40 %, link 20 %, core 30 %", "descriptors"});
    e = idle, e.depth_reached = true;
    expect(e, closed, Bottleneck::DEPTH, {"queue depth is the limit", "1000/s", "raise --queue-depth"});
    expect(idle, outcome_at(2000, 1000), Bottleneck::SHORT,
           {"1000/s came back of 2000/s", "late starts (0)"});
    expect(idle, open, Bottleneck::LOAD,
           {"Nothing is saturated (card 40 %", "1000/s is the load", "raise --rate"});
    expect(idle, closed, Bottleneck::LOAD, {"raise --queue-depth"});
    expect({}, open, Bottleneck::UNKNOWN, {"not known"});
}

TEST(Explain, TiesGoToTheCauseAndNotToTheQueueBehindIt)
{
    const auto closed = outcome_at(0, 1000);
    Evidence e{.core_busy = 1,
               .card_busy = 1,
               .fifo_full = 1,
               .link_busy = 1,
               .doorbells_per_op = 2,
               .mmio_reads_per_op = 1,
               .far_memory = true,
               .depth_reached = true};
    const auto next = [&](Bottleneck want) { expect(e, closed, want, {}); };
    next(Bottleneck::CARD), e.card_busy = 0.89;
    next(Bottleneck::LINK), e.link_busy = 0.84;
    next(Bottleneck::REGISTERS), e.mmio_reads_per_op = 0;
    next(Bottleneck::DOORBELLS), e.doorbells_per_op = 0.1;
    next(Bottleneck::FAR_MEMORY), e.far_memory = false;
    next(Bottleneck::CORE), e.core_busy = 0.5;
    next(Bottleneck::DEPTH), e.fifo_full = 0;
    next(Bottleneck::DEPTH), e.depth_reached = false;
    next(Bottleneck::LOAD);
}

TEST(Explain, UnknownSharesDecideNothing)
{
    const auto open = outcome_at(1000, 1000);
    expect({.core_busy = 0.95}, open, Bottleneck::CORE, {});
    expect({.core_busy = 0.2}, open, Bottleneck::LOAD, {"(core 20 %)"});
    expect({.fifo_full = 0.5}, open, Bottleneck::DEPTH, {"no share is known"});
    expect({.doorbells_per_op = 2, .far_memory = true}, open, Bottleneck::UNKNOWN, {});
    // An open loop with every operation out is not limited by a depth it does not have.
    expect({.core_busy = 0.2, .depth_reached = true}, open, Bottleneck::LOAD, {});
    expect({.core_busy = 1.2, .doorbells_per_op = 0}, open, Bottleneck::CORE, {"100 %"});
}

} // namespace
