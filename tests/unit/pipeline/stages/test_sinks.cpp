// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/counter.hpp"
#include "pipeline/stages/tensor_out.hpp"
#include "pipeline/stages/threshold.hpp"
#include "pipeline/stages/verifier.hpp"
#include "support/pipe_stage.hpp"
#include "support/temp_folder.hpp"
#include <cmath>
#include <gtest/gtest.h>

namespace {
using namespace pipeline;
using namespace support;
using Floats = std::vector<float>;
using Pixels = std::vector<std::uint8_t>;
using Words = std::vector<std::string>;

rte_mbuf* labelled(PipePool& pool, std::uint64_t seq, std::uint32_t label, float score = 1)
{
    auto* const m = pool.item(seq, Floats{});
    qaic_pipe_item_of(m)->label = label, qaic_pipe_item_of(m)->score = score;
    return m;
}

TEST(CounterStage, CountsByLabel)
{
    PipePool pool(8);
    PipeStage s(stage_counter);
    auto* const batch = labelled(pool, 5, 9);
    qaic_pipe_item_of(batch)->weight = 32;
    EXPECT_EQ(s.run({labelled(pool, 0, 0), labelled(pool, 1, 9), labelled(pool, 2, 10),
                     labelled(pool, 3, 4294967294U), pool.item(4, Floats{}), batch}),
              Words(6, "pass"));
    auto counts = s.counts();
    EXPECT_EQ(counts.size(), 12U);
    EXPECT_EQ(counts["label_0"], 1U);
    EXPECT_EQ(counts["label_1"], 0U);
    EXPECT_EQ(counts["label_9"], 33U);
    EXPECT_EQ(counts["label_other"], 2U);
    EXPECT_EQ(counts["unlabelled"], 1U);
    qaic_pipe_count few[2];
    EXPECT_EQ(stage_counter.counts(s.self(), few, 2), 2U) << "no more than there is room for";
}

TEST(ThresholdStage, DropsOrClears)
{
    PipePool pool(8);
    const auto items = [&] {
        return PipeStage::Items{labelled(pool, 0, 1, 0.5F), labelled(pool, 1, 1, 0.49F),
                                labelled(pool, 2, 1, NAN), pool.item(3, Floats{})};
    };
    PipeStage drop(stage_threshold, {{"least", 0.5}});
    const auto b = std::string("below_threshold");
    EXPECT_EQ(drop.run(items()), (Words{"pass", b, b, b}));
    PipeStage clear(stage_threshold, {{"least", 0.5}, {"action", "clear"}});
    const auto again = items();
    EXPECT_EQ(clear.run(again), Words(4, "pass"));
    EXPECT_EQ(qaic_pipe_item_of(again[0])->label, 1U);
    for (int i = 1; i < 4; ++i) {
        EXPECT_EQ(qaic_pipe_item_of(again[static_cast<std::size_t>(i)])->label, QAIC_PIPE_NO_LABEL);
        EXPECT_EQ(qaic_pipe_item_of(again[static_cast<std::size_t>(i)])->score, 0);
    }
    EXPECT_EQ(refusal(stage_threshold, {}), "p.toml:2:1: stage s needs the option least");
}

TEST(TensorOutStage, WritesTensorsAsTheyAre)
{
    const TempFolder folder;
    PipePool pool(3, 70'016);
    PipeStage s(stage_tensor_out, {{"path", folder.path("o")}}, pool.get());
    const Pixels large(69'000, 7); // more than the buffer
    EXPECT_EQ(s.run({pool.item(0, Pixels{1, 2}), pool.item(1, large), pool.item(2, Pixels{})}),
              Words(3, "pass"));
    EXPECT_EQ(s.finish(), "");
    const auto text = folder.text("o");
    ASSERT_EQ(text.size(), 69'002U);
    EXPECT_EQ(text.substr(0, 3), "\1\2\7");
    EXPECT_EQ(text.back(), '\7');
}

TEST(TensorOutStage, FullDisksAndReplicas)
{
    PipePool pool(2, 70'016);
    PipeStage s(stage_tensor_out, {{"path", "/dev/full"}}, pool.get());
    EXPECT_EQ(s.run(pool.item(0, Pixels(69'000))), "write_failed");
    EXPECT_EQ(s.run(pool.item(1, Pixels{1})), "write_failed") << "a file with a hole would look whole";
    EXPECT_NE(s.finish().find("No space left"), std::string::npos);
    const PipeOptions to_o{{"path", "o"}};
    PipeSetup two(to_o);
    two.setup.replicas = 2;
    char error[256] = "";
    EXPECT_EQ(stage_tensor_out.create(&two.setup, error, sizeof error), nullptr);
    EXPECT_STREQ(error, "p.toml:2:1: stage s: tensor-out takes 1 replica got=2");
}

TEST(VerifierStage, LabelsBySequence)
{
    const TempFolder folder;
    PipePool pool(8);
    const auto labels = folder.file("l", Pixels{4, 7, 0});
    PipeStage s(stage_verifier, {{"labels", labels}, {"drop", true}});
    EXPECT_EQ(s.run({labelled(pool, 0, 4), labelled(pool, 1, 4), labelled(pool, 5, 0),
                     labelled(pool, 3'000'000'001, 7), pool.item(2, Floats{}), labelled(pool, 0, 260)}),
              (Words{"pass", "wrong_output", "pass", "pass", "wrong_output", "wrong_output"}));
    EXPECT_EQ(s.counts(), (std::map<std::string, std::uint64_t>{{"right", 3}, {"wrong", 3}}));
    PipeStage counts_only(stage_verifier, {{"labels", labels}});
    EXPECT_EQ(counts_only.run(labelled(pool, 0, 5)), "pass");
    EXPECT_EQ(counts_only.counts()["wrong"], 1U);
}

TEST(VerifierStage, TensorsWithinTheTolerance)
{
    const TempFolder folder;
    PipePool pool(16);
    const PipeOptions options{{"expects", folder.file("e", Floats{1, 2, INFINITY, NAN})},
                              {"shape", "2"},
                              {"tolerance", 0.25},
                              {"drop", true}};
    PipeStage s(stage_verifier, options);
    const auto w = std::string("wrong_output"), p = std::string("pass");
    EXPECT_EQ(s.run({pool.item(0, Floats{1.25, 1.75}), pool.item(2, Floats{1.26F, 2}),
                     pool.item(1, Floats{INFINITY, NAN}), pool.item(1, Floats{-INFINITY, NAN}),
                     pool.item(1, Floats{INFINITY, 0}), pool.item(0, Floats{NAN, 2}), pool.item(0, Floats{1}),
                     pool.item(0, Floats{})}),
              (Words{p, w, p, w, w, w, w, w}));
    PipeStage exact(stage_verifier, {{"expects", options.at("expects")}, {"shape", "2"}, {"drop", true}});
    EXPECT_EQ(exact.run({pool.item(0, Floats{1, 2}), pool.item(0, Floats{1, 2.0000002F})}), (Words{p, w}));
}

TEST(VerifierStage, SaysWhatIsWrong)
{
    const TempFolder folder;
    const auto file = folder.file("e", Pixels{1, 2, 3, 4, 5, 6});
    const auto wrong = [](const PipeOptions& o) { return refusal(stage_verifier, o); };
    EXPECT_EQ(wrong({}), "p.toml:2:1: stage s: labels takes a file of u8, unless expects names one of f32");
    EXPECT_NE(wrong({{"labels", file}, {"expects", file}}).find("labels takes"), std::string::npos);
    EXPECT_NE(wrong({{"labels", file}, {"tolerance", 1}}).find("tolerance takes a value only with expects"),
              std::string::npos);
    EXPECT_EQ(wrong({{"expects", file}, {"shape", "1"}}),
              "p.toml:9:1: stage s: expects takes a file of whole items of 4 bytes; " + file + " has 6");
    EXPECT_NE(wrong({{"labels", folder.path("none")}}).find("No such file"), std::string::npos);
}

} // namespace
