// SPDX-License-Identifier: BSD-3-Clause
// An open loop of lib/load drives the driver's queue pair, and that an emulated card of one slot and 100 us:
// an M/D/1 queue, whose latency and utilisation must come out. Time is a manual clock, so no machine is too
// busy for it; the same through processes and sockets in real time is tests/proc/perf_theory_test.py.
#include "../device/fixture.hpp"
#include "load/open_loop.hpp"

namespace {
using namespace test;

constexpr Nanos service = 100us;
constexpr std::uint32_t bytes = 64;

/// A queue pair as the loops see it; a tick is a nanosecond, and reading the time moves it and the card.
class SteppedQueue {
  public:
    using Op = rte_ml_op;
    SteppedQueue(QueuePair& pair, InProcessLink& link, ManualClock& clock)
        : pair_(pair), link_(link), clock_(clock)
    {}
    static bool succeeded(const rte_ml_op& op) { return op.status == RTE_ML_OP_STATUS_SUCCESS; }
    std::uint64_t ticks()
    {
        clock_.advance(step);
        const auto due = link_.card().next_due();
        if (rang_ || (due && *due <= clock_.now())) settle();
        return static_cast<std::uint64_t>(clock_.now().count());
    }
    std::uint16_t enqueue(rte_ml_op** ops, std::uint16_t n)
    {
        rang_ = true;
        return fast::enqueue_burst(pair_, ops, n);
    }
    std::uint16_t dequeue(rte_ml_op** ops, std::uint16_t n) { return fast::dequeue_burst(pair_, ops, n); }

    static constexpr Nanos step = 500ns; ///< nothing is dated more exactly than that

  private:
    void settle()
    {
        for (int i = 0; i < 64 && link_.step(); ++i) {
        }
        rang_ = false;
    }
    QueuePair& pair_;
    InProcessLink& link_;
    ManualClock& clock_;
    bool rang_ = true;
};

struct NothingObserved {
    void submitting(load::SlotOf<rte_ml_op>&) {}
    void completed(load::SlotOf<rte_ml_op>&) {}
};

class Theory : public DeviceTest {
  protected:
    static card::CardConfig one_slot()
    {
        auto c = quick_card();
        c.timing = card::TimingModel{.mean = service, .slots = 1, .copy = false};
        return c;
    }
    Theory() : DeviceTest(one_slot()) {}

    struct Measured {
        load::LaneStats stats;
        load::LoopStats loop;
        std::uint64_t fell_due = 0;
    };
    /// The card stands still for `stall` after half of `time`.
    std::unique_ptr<Measured> run(double per_second, Nanos time, std::uint32_t depth = 512, Nanos stall = {})
    {
        bring_up(1, 0, nullptr, depth);
        ok(device->start());
        const auto id = device->load_model(builtin(aic100::NspBuiltin::TIMED, bytes));
        EXPECT_TRUE(id);
        ok(device->start_model(*id));
        bus->run_for(1ms);
        auto m = std::make_unique<Measured>();
        {
            Ops ops(*bus, depth, *id, bytes);
            std::vector<load::SlotOf<rte_ml_op>> slots;
            for (std::size_t i = 0; i < depth; ++i) slots.push_back({ops.pointers[i]});
            SteppedQueue queue(*qps[0], link, clock);
            NothingObserved observer;
            load::Lane<SteppedQueue, NothingObserved> lane(queue, slots, observer, m->stats, 32);
            const load::ArrivalPlan plan{.per_second = per_second, .seed = 7};
            load::Arrivals arrivals(plan, 1e9);
            load::Mix mix({{0}}, {1}, 1);
            const auto begin = clock.now();
            const auto watch = [&](std::uint64_t now) {
                if (stall > Nanos{0} && Nanos(now) - begin >= time / 2)
                    qsm().stall(std::exchange(stall, Nanos{0}));
                return true;
            };
            const load::OpenPlan open{.ticks = static_cast<std::uint64_t>(time.count()),
                                      .drain_ticks = 1'000'000'000,
                                      .stall_ticks = 5'000'000'000,
                                      .late_limit = 10'000};
            load::OpenLoop loop(queue, std::span(&lane, 1), mix, arrivals, open, m->loop, watch);
            m->fell_due = loop.run();
        }
        ok(device->close(true, 0));
        return m;
    }
};

void expect_near(std::uint64_t got, double theory)
{
    EXPECT_NEAR(static_cast<double>(got), theory, 0.05 * theory);
}

double mean_in_md1(double rho) { return static_cast<double>(service.count()) * (1 + rho / (2 * (1 - rho))); }

void expect_md1(double rho, const load::LaneStats& stats, const load::LoopStats& loop, std::uint64_t fell_due)
{
    EXPECT_EQ(stats.ledger.succeeded, fell_due);
    EXPECT_TRUE(stats.ledger.balanced());
    EXPECT_EQ(stats.late, 0U);
    EXPECT_LT(stats.latency.max() - stats.service.max(), 2000U); // nothing waited before the doorbell
    const auto mean = mean_in_md1(rho);
    EXPECT_NEAR(stats.latency.mean(), mean, 0.05 * mean);
    EXPECT_GE(stats.latency.min(), static_cast<std::uint64_t>(service.count()));
    EXPECT_LE(stats.latency.quantile(0.01), 1.02 * static_cast<double>(service.count()));
    const auto busy = static_cast<double>(fell_due) * static_cast<double>(service.count());
    EXPECT_NEAR(busy / static_cast<double>(loop.last_tick - loop.first_tick), rho, 0.05 * rho);
}

TEST_F(Theory, HalfBusy)
{
    const auto m = run(5000, 8s);
    expect_md1(0.5, m->stats, m->loop, m->fell_due);
    // Erlang's formula for the waiting time, solved for 90 % and 99 %, plus the service.
    expect_near(m->stats.latency.quantile(0.9), 251'574);
    expect_near(m->stats.latency.quantile(0.99), 433'626);
}

TEST_F(Theory, FourFifthsBusy)
{
    const auto m = run(8000, 16s);
    expect_md1(0.8, m->stats, m->loop, m->fell_due);
    expect_near(m->stats.latency.quantile(0.9), 601'151);
}

TEST_F(Theory, AStallShowsFromTheDueTimeAndNotInTheService)
{
    const auto m = run(2000, 4s, 4, 400ms);
    const auto& s = m->stats;
    EXPECT_EQ(s.ledger.succeeded, m->fell_due);
    // A tenth of all fell due while the card stood still, evenly; four of them were out at the time.
    EXPECT_GT(s.latency.max(), 390'000'000U);
    EXPECT_GT(s.latency.quantile(0.99), 300'000'000U);
    EXPECT_GT(s.late, 700U);
    EXPECT_LT(s.service.quantile(0.99), 1'000'000U);
}

} // namespace
