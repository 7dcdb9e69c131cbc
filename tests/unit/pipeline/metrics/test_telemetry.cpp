// SPDX-License-Identifier: BSD-3-Clause
// The commands over the real socket.
#include "../../driver/seen/telemetry_client.hpp"
#include "pipeline/metrics/telemetry.hpp"
#include "support/pipe_snapshot.hpp"
#include "support/temp_folder.hpp"
#include <atomic>
#include <future>
#include <stdexcept>

namespace test {
namespace {
using namespace pipeline::metrics;
using namespace std::chrono_literals;

class PipeTelemetry : public ::testing::Test {
  protected:
    void TearDown() override
    {
        for (const auto* name : {"packets", "digits"}) hide_in_telemetry(name);
    }
    void show(const std::string& name, pipeline::PipelineSnapshot snapshot = pipe_snapshot())
    {
        const auto shown = show_in_telemetry(name, [snapshot] { return snapshot; });
        EXPECT_TRUE(shown) << shown.error().message();
    }
    TelemetryClient client;
};

TEST_F(PipeTelemetry, ListFollowsShowAndHide)
{
    EXPECT_TRUE(client.ask("/qaic/pipe/list").empty());
    show("packets");
    show("digits");
    EXPECT_EQ(client.ask("/qaic/pipe/list"), (nlohmann::json{"digits", "packets"}));
    EXPECT_FALSE(show_in_telemetry("packets", [] { return pipe_snapshot(); })) << "twice";
    for (const char* bad : {"", "a,b"})
        EXPECT_FALSE(show_in_telemetry(bad, [] { return pipe_snapshot(); })) << bad;
    hide_in_telemetry("digits");
    EXPECT_EQ(client.ask("/qaic/pipe/list"), nlohmann::json{"packets"});
    hide_in_telemetry("nobody");
}

TEST_F(PipeTelemetry, StagesHaveEveryNumber)
{
    show("packets");
    const auto stages = client.ask("/qaic/pipe/stages,packets");
    ASSERT_EQ(stages.size(), 5U) << stages;
    const auto s = pipe_snapshot().stages[3];
    const nlohmann::json wanted = {{"name", "infer"},
                                   {"kind", "infer"},
                                   {"replica", 1},
                                   {"lcore", 4},
                                   {"cpu", 24},
                                   {"in", s.in},
                                   {"out", s.out},
                                   {"held", s.held},
                                   {"busy_cycles", s.busy_cycles},
                                   {"bursts", s.bursts},
                                   {"cycles_per_item", (s.busy_cycles + s.in / 2) / s.in},
                                   {"dropped", {{"deadline", 43}, {"no_card", 53}}},
                                   {"counts", {{"retries", 63}, {"failovers", 73}}},
                                   {"latency_ns",
                                    {{"samples", s.latency.samples},
                                     {"p50", 7450},
                                     {"p99", 14700},
                                     {"p99_9", 97325},
                                     {"max", 1307200}}}};
    EXPECT_EQ(stages.at("3"), wanted);
}

TEST_F(PipeTelemetry, LinksLcoresAndLedger)
{
    show("packets");
    const auto links = client.ask("/qaic/pipe/links,packets");
    ASSERT_EQ(links.size(), 4U) << links;
    const nlohmann::json link = {{"from", "features"},         {"to", "infer"},       {"replica", 1},
                                 {"when_full", "drop-newest"}, {"depth", 256},        {"waiting", 19},
                                 {"high_water", 255},          {"moved", 7400003},    {"bursts", 229000},
                                 {"full_bursts", 9200},        {"full_permille", 40}, {"dropped", 9123}};
    EXPECT_EQ(links.at("2"), link);
    const auto lcores = client.ask("/qaic/pipe/lcores,packets");
    ASSERT_EQ(lcores.size(), 4U) << lcores;
    EXPECT_EQ(lcores.at("3"),
              (nlohmann::json{
                  {"lcore", 4}, {"cpu", 24}, {"busy_cycles", 23000000004}, {"idle_cycles", 3250000004}}));
    const auto ledger = client.ask("/qaic/pipe/ledger,packets");
    const nlohmann::json wanted = {
        {"in", 15000002},
        {"out", 14978500},
        {"dropped", 21202},
        {"in_flight", 300},
        {"uptime_ms", 12500},
        {"tsc_hz", 2100000000},
        {"end_to_end_ns",
         {{"samples", 14400007}, {"p50", 21500}, {"p99", 84250}, {"p99_9", 402125}, {"max", 5321500}}}};
    EXPECT_EQ(ledger, wanted);
}

TEST_F(PipeTelemetry, LongAnswersComeInParts)
{
    auto p = pipe_snapshot();
    auto stage = p.stages[3];
    stage.name = std::string(40, 's');
    stage.in = stage.out = stage.held = stage.busy_cycles = stage.bursts = UINT64_MAX;
    for (int i = 0; i < 8; ++i)
        stage.dropped.push_back({"reason_" + std::string(12, static_cast<char>('a' + i)), UINT64_MAX});
    p.stages.assign(40, stage);
    for (unsigned i = 0; i < 40; ++i) p.stages[i].replica = i;
    p.links.assign(70, p.links[1]);
    p.lcores.assign(128, {1023, 1023, UINT64_MAX, UINT64_MAX});
    show("packets", p);
    for (std::size_t first = 0; first < 40; first += 16) {
        const auto part = client.ask("/qaic/pipe/stages,packets," + std::to_string(first));
        ASSERT_EQ(part.size(), std::min<std::size_t>(16, 40 - first));
        for (std::size_t i = 0; i < part.size(); ++i) {
            const auto row = part.at(std::to_string(first + i));
            EXPECT_EQ(row.value("replica", 0U), first + i);
            EXPECT_EQ(row.size(), 14U) << row;
            EXPECT_EQ(row.at("dropped").size(), 10U) << row;
        }
    }
    EXPECT_EQ(client.ask("/qaic/pipe/links,packets,64").size(), 6U);
    EXPECT_EQ(client.ask("/qaic/pipe/links,packets,0").size(), 32U);
    EXPECT_EQ(client.ask("/qaic/pipe/lcores,packets,64").size(), 64U);
    EXPECT_TRUE(client.ask("/qaic/pipe/stages,packets,40").empty());
    EXPECT_TRUE(client.ask("/qaic/pipe/stages,packets,18446744073709551615").empty());
}

TEST_F(PipeTelemetry, ParametersAreStrict)
{
    show("packets");
    const std::pair<const char*, const char*> rows[] = {
        {"/qaic/pipe/list,packets", "takes no parameters"},
        {"/qaic/pipe/stages", "a pipeline is missing"},
        {"/qaic/pipe/stages,nobody", "no pipeline 'nobody'"},
        {"/qaic/pipe/links,packets,", "must be a number"},
        {"/qaic/pipe/lcores,packets,-1", "must be a number"},
        {"/qaic/pipe/lcores,packets,1,2", "must be a number"},
        {"/qaic/pipe/stages,packets,18446744073709551616", "must be a number"},
        {"/qaic/pipe/ledger,packets,0", "no more"}};
    for (const auto& [command, says] : rows) {
        const auto error = client.ask(command).value("error", "");
        EXPECT_NE(error.find(says), std::string::npos) << command << ": " << error;
        EXPECT_TRUE(error.starts_with("E_INVAL: ")) << error;
    }
}

TEST_F(PipeTelemetry, NamesTheLibraryRefusesAreWrittenOtherwise)
{
    auto p = pipe_snapshot();
    p.stages[0].counts = {{"a-b c\xff", 5}};
    p.stages[0].name = "x\n\"y\"";
    show("packets", p);
    const auto stages = client.ask("/qaic/pipe/stages,packets");
    EXPECT_EQ(stages.at("0").at("counts"), (nlohmann::json{{"a_b_c_", 5}}));
    EXPECT_EQ(stages.at("0").at("name"), "x.\"y\"");
}

TEST_F(PipeTelemetry, WhatASnapshotThrowsEndsNothing)
{
    ASSERT_TRUE(
        show_in_telemetry("digits", []() -> pipeline::PipelineSnapshot { throw std::runtime_error("no"); }));
    EXPECT_TRUE(client.ask("/qaic/pipe/ledger,digits").is_null());
    EXPECT_EQ(client.ask("/qaic/pipe/list"), nlohmann::json{"digits"}) << "the lock is free again";
}

TEST_F(PipeTelemetry, HidingWaitsForASnapshotThatIsTaken)
{
    std::promise<void> called, go_on;
    std::atomic<bool> done = false;
    ASSERT_TRUE(show_in_telemetry("packets", [&] {
        called.set_value();
        go_on.get_future().wait_for(10s);
        done = true;
        return pipe_snapshot();
    }));
    auto asked = std::async(std::launch::async, [&] { return client.ask("/qaic/pipe/ledger,packets"); });
    ASSERT_EQ(called.get_future().wait_for(10s), std::future_status::ready);
    auto hidden = std::async(std::launch::async, [] { hide_in_telemetry("packets"); });
    EXPECT_EQ(hidden.wait_for(50ms), std::future_status::timeout);
    EXPECT_FALSE(done);
    go_on.set_value();
    ASSERT_EQ(hidden.wait_for(10s), std::future_status::ready);
    EXPECT_TRUE(done);
    EXPECT_EQ(asked.get()["in"], 15000002);
}

} // namespace
} // namespace test

int main(int argc, char** argv)
{
    ::testing::InitGoogleTest(&argc, argv);
    const support::TempFolder folder;
    test::set_place(folder.path(""), "unit_pipeline_telemetry");
    if (!test::start_eal("unit_pipeline_telemetry", {"-m", "64", "--lcores=0", "--log-level=*:error"}))
        return 1;
    return test::end_eal(RUN_ALL_TESTS());
}
