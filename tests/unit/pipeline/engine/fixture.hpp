// SPDX-License-Identifier: BSD-3-Clause
// A pipeline from text, on the lcores a test says, run to its end.
#pragma once
#include "pipeline/engine/engine.hpp"
#include "pipeline/registry.hpp"
#include "stages.hpp"
#include <gtest/gtest.h>
#include <map>
#include <rte_mempool.h>
#include <thread>

namespace test {

class EngineTest : public ::testing::Test {
  protected:
    void SetUp() override
    {
        world.seen.clear(), world.labels.clear();
        world.sink_open = true, world.sink_delay_ns = 0, world.reloads = 0, world.largest_burst = 0;
        world.finished = false, world.wrong_tensors = 0;
    }
    /// `lcores`: of each stage, one for each replica.
    void make(const std::string& text, const std::map<std::string, std::vector<unsigned>>& lcores,
              std::uint32_t items = 0)
    {
        auto spec = parse_pipeline(text, "test.toml", known_kinds());
        ASSERT_TRUE(spec) << spec.error().text;
        place::Placement placement;
        for (const auto& s : spec->stages)
            for (unsigned r = 0; r < s.replicas; ++r)
                placement.choices.push_back({s.name, r, 0, lcores.at(s.name).at(r), true, ""});
        auto made = Engine::make(*spec, placement, {".", items, true});
        ASSERT_TRUE(made) << made.error().text;
        engine = std::move(*made);
    }
    template<class Done>
    void run_until(Done done)
    {
        ASSERT_TRUE(engine->start());
        wait_until(done);
    }
    template<class Done>
    void wait_until(Done done)
    {
        const SteadyClock clock;
        const auto end = clock.now() + 120s;
        while (!done() && clock.now() < end) std::this_thread::sleep_for(1ms);
        EXPECT_TRUE(done()) << "not done within 120 s";
    }
    void run_to_the_end()
    {
        run_until([&] { return engine->finished(); });
        stop();
    }
    void stop()
    {
        const auto stopped = engine->stop();
        EXPECT_TRUE(stopped) << stopped.error().text;
        balanced();
    }
    /// Nothing is lost, and nothing is counted that is not there.
    void balanced()
    {
        const auto l = engine->snapshot().ledger;
        EXPECT_EQ(l.in, l.out + l.dropped);
        EXPECT_EQ(l.in_flight, 0U);
        EXPECT_EQ(l.out, world.seen.size());
        std::uint64_t reasons = 0;
        for (const auto& stage : engine->snapshot().stages)
            for (const auto& d : stage.dropped) reasons += d.value;
        EXPECT_EQ(l.dropped, reasons) << "every item that is lost has a reason";
    }
    [[nodiscard]] std::uint64_t dropped(const std::string& stage, const std::string& reason) const
    {
        std::uint64_t n = 0;
        for (const auto& s : engine->snapshot().stages)
            for (const auto& d : s.dropped)
                if (s.name == stage && d.name == reason) n += d.value;
        return n;
    }
    [[nodiscard]] static bool in_order()
    {
        for (std::size_t i = 1; i < world.seen.size(); ++i)
            if (world.seen[i] <= world.seen[i - 1]) return false;
        return true;
    }
    std::unique_ptr<Engine> engine;
};

/// A straight line of stages with their tables, linked with `link` between neighbours.
struct StageText {
    std::string name, kind, more;
};
inline std::string line_of(const std::vector<StageText>& stages, const std::string& link = "")
{
    std::string out = "name = \"test\"\n";
    for (const auto& s : stages)
        out += fmt::format("[[stage]]\nname = \"{}\"\nkind = \"{}\"\n{}\n", s.name, s.kind, s.more);
    for (std::size_t i = 1; i < stages.size(); ++i)
        out += fmt::format("[[link]]\nfrom = \"{}\"\nto = \"{}\"\n{}\n", stages[i - 1].name, stages[i].name,
                           link);
    return out;
}

} // namespace test
