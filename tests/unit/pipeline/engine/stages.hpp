// SPDX-License-Identifier: BSD-3-Clause
// Stages that tests of the engine are made of; what they saw and shall do stands in World.
#pragma once
#include "pipeline/stage_of.hpp"
#include <atomic>
#include <deque>
#include <mutex>
#include <random>
#include <rte_cycles.h>
#include <vector>

namespace test {
using namespace pipeline;

/// What the stages of one test share. Reset by each test's fixture.
struct World {
    std::vector<std::uint64_t> seen; ///< sequence numbers at the sink
    std::vector<std::uint32_t> labels;
    std::atomic<bool> sink_open{true};
    std::atomic<std::uint64_t> sink_delay_ns{0};
    std::atomic<int> reloads{0};
    std::atomic<std::uint64_t> largest_burst{0};
    std::atomic<bool> finished{false};
    std::atomic<std::uint64_t> wrong_tensors{0}; ///< whose number is not the item's
};
inline World world;

inline void spin(std::uint64_t ns)
{
    const auto end = rte_rdtsc() + ns * rte_get_tsc_hz() / 1'000'000'000;
    while (rte_rdtsc() < end) {
    }
}

/// `items` items of `bytes` bytes (8), with their number at byte 8 if it fits; none while the pool is empty.
struct Numbers {
    std::int64_t items = 0, made = 0, bytes = 8;
    rte_mempool* pool = nullptr;
    static Result<std::unique_ptr<Numbers>> make(const qaic_pipe_setup& s)
    {
        auto out = std::make_unique<Numbers>();
        out->pool = s.pool;
        QAIC_TRY(out->items, Options(s).integer("items", 0, 1'000'000'000));
        QAIC_TRY(out->bytes, Options(s).integer("bytes", 8, 1 << 20, 8));
        return out;
    }
    [[nodiscard]] std::uint32_t room() const { return static_cast<std::uint32_t>(63 + bytes); }
    std::uint16_t run(Burst b)
    {
        if (made == items) return QAIC_PIPE_END;
        std::uint16_t n = 0;
        for (; n < b.items.size() && made < items; ++n, ++made) {
            auto* const m = qaic_pipe_new_item(pool);
            if (m == nullptr) break;
            auto* const number =
                static_cast<std::int64_t*>(qaic_pipe_new_tensor(m, static_cast<std::uint32_t>(bytes)));
            if (bytes >= 16) number[1] = made;
            b.items[n] = m;
        }
        return n;
    }
};

/// Labels items with their replica; works for a random time up to `work_ns`; drops every `drop_each`-th.
struct Work {
    std::int64_t work_ns = 0, drop_each = 0;
    std::uint32_t replica = 0;
    std::minstd_rand random;
    static Result<std::unique_ptr<Work>> make(const qaic_pipe_setup& s)
    {
        auto out = std::make_unique<Work>();
        QAIC_TRY(out->work_ns, Options(s).integer("work_ns", 0, 1'000'000'000, 0));
        QAIC_TRY(out->drop_each, Options(s).integer("drop_each", 0, 1'000'000'000, 0));
        out->replica = s.replica;
        out->random.seed(s.replica + 1);
        return out;
    }
    void run(Burst b)
    {
        if (b.items.size() > world.largest_burst) world.largest_burst = b.items.size();
        for (std::size_t i = 0; i < b.items.size(); ++i) {
            auto& item = *qaic_pipe_item_of(b.items[i]);
            item.label = replica;
            if (drop_each != 0 && item.seq % static_cast<std::uint64_t>(drop_each) == 0)
                b.verdict[i] = QAIC_PIPE_DROP;
        }
        if (work_ns != 0) spin(random() % static_cast<std::uint64_t>(work_ns));
    }
    Result<void> reload()
    {
        ++world.reloads;
        return {};
    }
};

/// Keeps every item for a while, and gives them back out of order when there are several.
struct Keep {
    std::deque<rte_mbuf*> kept;
    std::uint32_t most = 64;
    static Result<std::unique_ptr<Keep>> make(const qaic_pipe_setup&) { return std::make_unique<Keep>(); }
    ~Keep()
    {
        for (auto* m : kept) rte_pktmbuf_free(m);
    }
    void run(Burst b)
    {
        for (std::size_t i = 0; i < b.items.size(); ++i)
            kept.push_back(b.items[i]), b.verdict[i] = QAIC_PIPE_TAKEN;
    }
    std::uint16_t poll(Burst b)
    {
        std::uint16_t n = 0;
        for (; n < b.items.size() && !kept.empty(); ++n) b.items[n] = kept.back(), kept.pop_back();
        return n;
    }
    [[nodiscard]] std::uint32_t ready() const { return most - held(); }
    [[nodiscard]] std::uint32_t held() const { return static_cast<std::uint32_t>(kept.size()); }
    void drain() {}
};

struct Seen {
    static Result<std::unique_ptr<Seen>> make(const qaic_pipe_setup&) { return std::make_unique<Seen>(); }
    void run(Burst b)
    {
        while (!world.sink_open.load()) rte_delay_us_block(1);
        for (auto* m : b.items) {
            const auto& item = *qaic_pipe_item_of(m);
            world.seen.push_back(item.seq);
            const auto* const number = static_cast<const std::uint64_t*>(qaic_pipe_tensor(m));
            if (item.tensor_bytes >= 16 && number[1] != item.seq) ++world.wrong_tensors;
            world.labels.push_back(item.label);
            if (const auto ns = world.sink_delay_ns.load(); ns != 0) spin(ns);
        }
    }
    Result<void> finish()
    {
        world.finished = true;
        return {};
    }
};

void register_stages();

} // namespace test
