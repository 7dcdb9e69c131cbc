// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/engine/engine.hpp"
#include "pipeline/engine/builder.hpp"
#include "pipeline/engine/hand_over.hpp"
#include <rte_launch.h>
#include <rte_lcore.h>

namespace pipeline {

namespace {

using Seats = std::vector<std::unique_ptr<Seat>>;

/// Calls a function of each stage that has it: the first error, after all were asked.
Result<void> ask_all(const Seats& seats, int (*qaic_pipe_stage::*function)(void*, char*, std::size_t))
{
    Result<void> first;
    for (const auto& s : seats) {
        const auto ask = s->kind->*function;
        if (ask == nullptr) continue;
        char error[1024] = "";
        if (ask(s->self, error, sizeof error) != 0 && first)
            first = fail(Code::E_STATE, "stage {}: {}", s->name, error);
    }
    return first;
}

} // namespace

Result<std::unique_ptr<Engine>> Engine::make(const PipelineSpec& spec, const place::Placement& placement,
                                             const EngineOptions& options)
{
    return Builder(spec, placement, options).build();
}

Engine::~Engine()
{
    if (!finished_stages_) (void)stop();
    while (!workers_.empty()) workers_.pop_back(); // rte_graph counts its graphs down from the last
}

Result<void> Engine::start()
{
    running_ = true;
    started_tsc_ = rte_rdtsc();
    for (const auto& w : workers_)
        if (const int e = rte_eal_remote_launch(Worker::run, w.get(), w->lcore); e != 0)
            return fail(Code::E_STATE, "lcore {} does not start: it is busy or the main one ({})", w->lcore,
                        e);
    return {};
}

bool Engine::finished() const { return failed() || drained(); }

bool Engine::drained() const
{
    for (const auto& s : seats_)
        if (s->kind->role == QAIC_PIPE_SOURCE && !s->has_ended.load(std::memory_order_acquire)) return false;
    return ledger().in_flight == 0;
}

Ledger Engine::ledger() const
{
    Ledger l;
    const auto leave = [&](const Seat& s) {
        l.out += s.ledger_out.get();
        l.dropped += s.ledger_dropped.get();
    };
    for (const auto& s : seats_) leave(*s);
    for (const auto& s : gathers_) leave(*s);
    std::atomic_thread_fence(std::memory_order_acquire);
    for (const auto& s : seats_) l.in += s->ledger_in.get();
    l.in_flight = l.in - l.out - l.dropped;
    return l;
}

Result<void> Engine::stop()
{
    if (finished_stages_) return {};
    finished_stages_ = true;
    orders_.stop.store(true);
    for (const auto& w : workers_) (void)rte_eal_wait_lcore(w->lcore);
    stopped_tsc_ = rte_rdtsc();
    running_ = false;
    drop_what_is_left();
    return ask_all(seats_, &qaic_pipe_stage::finish);
}

void Engine::drop_what_is_left()
{
    const auto drop_all = [](Seat& s, auto&& take) {
        rte_mbuf* items[most_items];
        while (const auto n = take(items))
            for (std::size_t i = 0; i < n; ++i) hot::drop(s, items[i], STOPPED);
    };
    for (const auto& s : seats_)
        for (auto* q : s->queues)
            drop_all(*s, [&](rte_mbuf** items) {
                std::uint64_t entered = 0;
                return std::size_t{q->take(items, most_items, entered)};
            });
    // What a stage has handed to a card comes back soon; what does not, its destroy() frees, and the ledger
    // shows it as in flight.
    constexpr auto patience = std::chrono::seconds(2);
    const SteadyClock clock;
    const auto end = clock.now() + patience;
    for (const auto& s : seats_) {
        if (s->kind->poll == nullptr) continue;
        s->kind->drain(s->self);
        do {
            drop_all(*s, [&](rte_mbuf** items) {
                std::uint8_t verdict[most_items] = {};
                return std::size_t{s->kind->poll(s->self, items, most_items, verdict)};
            });
        } while (s->kind->held(s->self) != 0 && clock.now() < end);
        s->held.store(s->kind->held(s->self));
    }
    const auto drop_exit = [](Seat& s) {
        for (std::size_t i = 0; i < s.exit.waiting_n; ++i) hot::drop(s, s.exit.waiting[i], STOPPED);
        s.exit.waiting_n = 0;
    };
    for (const auto& s : seats_) drop_exit(*s);
    for (const auto& s : gathers_) {
        drop_exit(*s);
        // numbers that never come leave gaps: look behind them, too
        drop_all(*s, [&](rte_mbuf** items) {
            return std::size_t{s->into_order->take_any({items, most_items})};
        });
    }
}

Result<void> Engine::reload() { return ask_all(seats_, &qaic_pipe_stage::reload); }

} // namespace pipeline
