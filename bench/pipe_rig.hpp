// SPDX-License-Identifier: BSD-3-Clause
// What bench_pipeline runs: two loops on two CPUs, stages that do nothing, and engines made of them. Lcore 1
// and 2 each have a CPU; the main one sleeps while they run.
#pragma once
#include "pipeline/engine/engine.hpp"
#include "pipeline/registry.hpp"
#include "pipeline/stage_of.hpp"
#include <atomic>
#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mempool.h>
#include <thread>

namespace rig {
using namespace pipeline;

inline constexpr std::uint32_t depth = 1024;      ///< of every queue
inline constexpr std::uint32_t item_count = 8192; ///< more than can be in flight: none is reused too early

template<class T>
T need(Result<T> r)
{
    if (r) return std::move(*r);
    fmt::print(stderr, "{}\n", r.error().text);
    std::abort();
}
inline void need(const Result<void>& r)
{
    if (r) return;
    fmt::print(stderr, "{}\n", r.error().text);
    std::abort();
}
inline void need(bool good, const char* what)
{
    if (!good) need(fail(Code::E_STATE, "{}", what));
}

inline double median(std::vector<double> v)
{
    const auto at = v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2);
    std::nth_element(v.begin(), at, v.end());
    return *at;
}

/// The same items again and again, as bare pointers: none is touched.
class Recycler {
  public:
    void fill(rte_mempool* pool)
    {
        for (auto& m : items_) need((m = qaic_pipe_new_item(pool)) != nullptr, "pool is empty");
    }
    void next(rte_mbuf** out, std::uint16_t n) noexcept
    {
        if (at_ + n > items_.size()) at_ = 0;
        std::copy_n(items_.data() + at_, n, out);
        at_ += n;
    }

  private:
    std::vector<rte_mbuf*> items_ = std::vector<rte_mbuf*>(item_count);
    std::size_t at_ = 0;
};

/// What two lcores share while each runs a loop.
template<class First, class Second>
struct BothLcores {
    First& first;
    Second& second;
    std::atomic<int> here{0}, left{2};
    std::atomic<std::uint64_t> began{0}, ended{0};

    template<class Loop>
    void run(Loop& loop)
    {
        here.fetch_add(1);
        while (here.load() < 2) rte_pause();
        began.store(rte_rdtsc());
        loop();
        ended.store(rte_rdtsc()); // the later one's stays; CPUs' TSCs agree
        left.fetch_sub(1);
    }
    static int run_first(void* self)
    {
        auto& me = *static_cast<BothLcores*>(self);
        return me.run(me.first), 0;
    }
    static int run_second(void* self)
    {
        auto& me = *static_cast<BothLcores*>(self);
        return me.run(me.second), 0;
    }
};

/// Runs `first` on lcore 1 and `second` on lcore 2, from the moment both are there. TSC cycles until the last
/// one has returned.
template<class First, class Second>
std::uint64_t on_both(First first, Second second)
{
    BothLcores<First, Second> both{first, second};
    need(rte_eal_remote_launch(both.run_first, &both, 1) == 0, "lcore 1 is busy");
    need(rte_eal_remote_launch(both.run_second, &both, 2) == 0, "lcore 2 is busy");
    while (both.left.load() != 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
    rte_eal_wait_lcore(1), rte_eal_wait_lcore(2);
    return both.ended.load() - both.began.load();
}

// ------------------------------------------------------------------------------------- stages

/// Bursts of recycled items, or `per_second` single ones.
struct Recycling {
    Recycler items;
    rte_mempool* pool = nullptr;
    std::uint64_t gap = 0, next = 0; ///< ticks
    static Result<std::unique_ptr<Recycling>> make(const qaic_pipe_setup& s)
    {
        auto out = std::make_unique<Recycling>();
        out->pool = s.pool;
        QAIC_TRY(const auto rate, Options(s).integer("per_second", 0, 1'000'000, 0));
        if (rate != 0) out->gap = s.tsc_hz / static_cast<std::uint64_t>(rate);
        return out;
    }
    Result<void> start()
    {
        items.fill(pool);
        return {};
    }
    std::uint16_t run(Burst b)
    {
        auto n = static_cast<std::uint16_t>(b.items.size());
        if (gap != 0) {
            const auto now = rte_rdtsc();
            if (now < next) return 0;
            next = now + gap;
            n = 1;
        }
        items.next(b.items.data(), n);
        return n;
    }
};
struct Nothing {
    static Result<std::unique_ptr<Nothing>> make(const qaic_pipe_setup&)
    {
        return std::make_unique<Nothing>();
    }
    void run(Burst) {}
};
inline LiveCount arrived;
/// Keeps no item, and frees none: they are the source's.
struct Arriving {
    static Result<std::unique_ptr<Arriving>> make(const qaic_pipe_setup&)
    {
        return std::make_unique<Arriving>();
    }
    void run(Burst b)
    {
        std::fill_n(b.verdict, b.items.size(), std::uint8_t{QAIC_PIPE_TAKEN});
        arrived.add(b.items.size());
    }
};
inline void register_stages()
{
    static constexpr const char* options[] = {"per_second", nullptr};
    static constexpr qaic_pipe_stage stages[] = {
        stage_of<Recycling>("recycling", QAIC_PIPE_SOURCE, options, nullptr),
        stage_of<Nothing>("nothing", QAIC_PIPE_SHAPE, nullptr, nullptr),
        stage_of<Arriving>("arriving", QAIC_PIPE_SINK, nullptr, nullptr),
    };
    for (const auto& s : stages) need(qaic_pipe_register(&s) == 0, "a stage is refused");
}

// ------------------------------------------------------------------------------------- engines

/// Source, `shapes` stages that do nothing, sink. All but the sink are on lcore 1.
inline std::unique_ptr<Engine> make_engine(int shapes, unsigned burst, unsigned sink_lcore, int per_second)
{
    std::vector<std::string> names{"in"};
    for (int i = 0; i < shapes; ++i) names.push_back(fmt::format("s{}", i));
    names.emplace_back("out");
    std::string text = "name = \"bench\"\n", links;
    place::Placement placement;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const bool last = i + 1 == names.size();
        const auto* const kind = i == 0 ? "recycling" : last ? "arriving" : "nothing";
        text += fmt::format("[[stage]]\nname = \"{}\"\nkind = \"{}\"\nbatch = {}\n", names[i], kind, burst);
        if (i == 0) text += fmt::format("[stage.options]\nper_second = {}\n", per_second);
        if (!last)
            links += fmt::format("[[link]]\nfrom = \"{}\"\nto = \"{}\"\ndepth = {}\n", names[i], names[i + 1],
                                 depth);
        placement.choices.push_back({names[i], 0, 0, last ? sink_lcore : 1U, false, ""});
    }
    const auto spec = need(parse_pipeline(text + links, "bench.toml", known_kinds()));
    return need(Engine::make(spec, placement, {".", 2 * item_count, false}));
}

/// TSC cycles for each item that arrives, over `window` of a run.
inline double cycles_in_engine(Engine& engine, std::chrono::milliseconds window)
{
    need(engine.start());
    std::this_thread::sleep_for(std::chrono::milliseconds(10)); // caches and branches
    const auto began = rte_rdtsc();
    const auto before = arrived.get();
    std::this_thread::sleep_for(window);
    const auto items = arrived.get() - before;
    const auto cycles = rte_rdtsc() - began;
    need(engine.stop());
    return static_cast<double>(cycles) / static_cast<double>(items);
}

} // namespace rig
