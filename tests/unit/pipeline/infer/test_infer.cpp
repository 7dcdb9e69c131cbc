// SPDX-License-Identifier: BSD-3-Clause
// The stage `infer` in a running pipeline over devices that fail as told: nothing is lost, retries are
// bounded, cards stand in for each other, and a model is swapped under load.
#include "../engine/fixture.hpp"
#include "fake_device.hpp"

namespace {
using namespace test;

const std::string model = std::getenv("QAIC_TEST_QPC") != nullptr ? std::getenv("QAIC_TEST_QPC") : "";

class Infer : public EngineTest {
  protected:
    void SetUp() override
    {
        EngineTest::SetUp();
        fake(0).reset(), fake(1).reset();
    }
    /// numbers of `bytes` bytes -> infer -> seen
    static std::string text(std::int64_t items, const std::string& options, const std::string& keys = "",
                            int bytes = fake_bytes)
    {
        return line_of(
            {{"in", "numbers", fmt::format("[stage.options]\nitems = {}\nbytes = {}", items, bytes)},
             {"net", "infer", fmt::format("{}\n[stage.options]\nmodel = \"{}\"\n{}", keys, model, options)},
             {"out", "seen", ""}});
    }
    void make_line(const std::string& t) { make(t, {{"in", {1}}, {"net", {2}}, {"out", {1}}}); }
    [[nodiscard]] std::uint64_t count(const std::string& name) const
    {
        std::uint64_t n = 0;
        for (const auto& s : engine->snapshot().stages)
            for (const auto& c : s.counts)
                if (s.name == "net" && c.name == name) n += c.value;
        return n;
    }
};

TEST_F(Infer, EveryItemGoesThroughTheCardInOrder)
{
    make_line(text(20'000, "depth = 16"));
    fake(0).turns_round = true;
    run_to_the_end();
    EXPECT_EQ(world.seen.size(), 20'000U);
    EXPECT_TRUE(in_order());
    EXPECT_EQ(world.wrong_tensors, 0U) << "each came back with its own output";
    EXPECT_EQ(count("inferences"), 20'000U);
}

TEST_F(Infer, WithoutOrderTheyComeAsTheyAreDone)
{
    make_line(text(5'000, "depth = 16\nin_order = false"));
    fake(0).turns_round = true;
    run_to_the_end();
    EXPECT_EQ(world.seen.size(), 5'000U);
    EXPECT_FALSE(in_order());
}

TEST_F(Infer, TwoCardsShareTheWork)
{
    make_line(text(20'000, "cards = \"0,1\"\ndepth = 8"));
    run_to_the_end();
    EXPECT_TRUE(in_order());
    EXPECT_EQ(fake(0).seen + fake(1).seen, 20'000U);
    EXPECT_GT(fake(0).seen, 1'000U);
    EXPECT_GT(fake(1).seen, 1'000U);
}

TEST_F(Infer, AFailedInferenceIsTriedAgainAndThenDropped)
{
    make_line(text(1'000, "retries = 2"));
    fake(0).fails = 2;
    run_to_the_end();
    EXPECT_EQ(world.seen.size(), 1'000U);
    EXPECT_EQ(count("retries"), 2U);
    EXPECT_EQ(count("errors"), 2U);

    engine.reset();
    world.seen.clear();
    make_line(text(1'000, "retries = 0"));
    fake(0).fails = 7;
    run_to_the_end();
    EXPECT_EQ(dropped("net", "inference_failed"), 7U);
    EXPECT_EQ(world.seen.size(), 993U);
}

TEST_F(Infer, ACardThatTakesNothingIsReplacedByTheOther)
{
    make_line(text(5'000, "cards = \"0,1\"\ndepth = 8"));
    fake(1).refuses = true;
    run_to_the_end();
    EXPECT_EQ(world.seen.size(), 5'000U);
    EXPECT_TRUE(in_order());
    EXPECT_EQ(fake(1).seen, 0U);
    EXPECT_GT(count("failovers"), 0U);
}

TEST_F(Infer, TheOnlyCardIsWaitedForAndThenGivenUp)
{
    make_line(text(1'000, "depth = 8\npatience_ms = 50"));
    fake(0).refuses = true;
    run_until([&] { return dropped("net", "card_lost") >= 16; });
    fake(0).refuses = false; // it is back
    wait_until([&] { return engine->finished(); });
    stop();
    EXPECT_GT(world.seen.size(), 0U);
    EXPECT_EQ(world.seen.size() + dropped("net", "card_lost"), 1'000U);
}

TEST_F(Infer, WrongSizesAreDroppedWithTheirReason)
{
    make_line(text(100, "", "", 64));
    run_to_the_end();
    EXPECT_EQ(dropped("net", "wrong_size"), 100U);
}

TEST_F(Infer, AModelIsSwappedUnderLoadAndNothingIsLost)
{
    make_line(text(1'000'000'000, "depth = 16"));
    run_until([&] { return count("inferences") > 1'000; });
    for (int i = 0; i < 5; ++i) {
        const auto done = engine->reload();
        EXPECT_TRUE(done) << done.error().text;
    }
    fake(0).refuse_load = -ENOMEM;
    EXPECT_FALSE(engine->reload()) << "the old one stays";
    fake(0).refuse_load = 0;
    engine->drain();
    wait_until([&] { return engine->drained(); });
    stop();
    EXPECT_EQ(fake(0).wrong_model, 0U) << "no inference named a model that was gone";
    EXPECT_EQ(fake(0).loads, 6U);
    EXPECT_EQ(fake(0).unloads, 5U);
    EXPECT_EQ(engine->snapshot().ledger.dropped, 0U);
    EXPECT_TRUE(in_order());
    engine.reset();
    EXPECT_EQ(fake(0).unloads, 6U);
}

TEST_F(Infer, ReplicasHaveQueuePairsOfTheirOwn)
{
    make(text(20'000, "depth = 8", "replicas = 2"), {{"in", {1}}, {"net", {2, 3}}, {"out", {4}}});
    run_to_the_end();
    EXPECT_EQ(world.seen.size(), 20'000U);
    EXPECT_TRUE(in_order());
    EXPECT_EQ(fake(0).loads, 1U) << "they share the model";
}

TEST_F(Infer, StopWhileTheCardIsBusyFreesItsItems)
{
    make_line(text(1'000'000, "depth = 16"));
    run_until([&] { return count("inferences") > 100; });
    stop();
}

TEST_F(Infer, RefusalsNameThePlace)
{
    const auto refused = [](const std::string& t) {
        auto spec = parse_pipeline(t, "test.toml", known_kinds());
        EXPECT_TRUE(spec) << spec.error().text;
        place::Placement p;
        for (const auto& s : spec->stages) p.choices.push_back({s.name, 0, 0, 1, true, ""});
        auto made = Engine::make(*spec, p, {".", 0, true});
        return made ? std::string("made") : made.error().text;
    };
    EXPECT_NE(refused(text(1, "cards = \"7\"")).find("stage net: there is no ML device 7; there are 2"),
              std::string::npos);
    EXPECT_NE(refused(text(1, "cards = \"x\"")).find("cards takes a list"), std::string::npos);
    EXPECT_NE(refused(line_of({{"in", "numbers", "[stage.options]\nitems = 1"},
                               {"net", "infer", "[stage.options]\nmodel = \"none.qpc\""},
                               {"out", "seen", ""}}))
                  .find("model takes a program container: "),
              std::string::npos);
}

} // namespace
