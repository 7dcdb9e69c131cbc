// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/batch.hpp"
#include "pipeline/stages/unbatch.hpp"
#include "support/pipe_stage.hpp"
#include <gtest/gtest.h>

namespace {
using namespace pipeline;
using namespace support;
using Floats = std::vector<float>;
using Words = std::vector<std::string>;

/// The class itself, so that the time is the test's.
class TimedBatch {
  public:
    TimedBatch(PipePool& pool, unsigned size, std::uint64_t wait)
    {
        PipeSetup s({{"bytes", 8}}, pool.get(), size);
        s.setup.batch_wait_tsc = wait;
        batch = std::move(*Batch::make(s.setup));
    }
    Words run(PipeStage::Items items, std::uint64_t tsc)
    {
        std::vector<std::uint8_t> verdict(items.size());
        batch->run_at({items, verdict.data()}, tsc);
        Words words;
        for (auto v : verdict)
            words.push_back(v == QAIC_PIPE_TAKEN ? "taken" : v == QAIC_PIPE_DROP ? "wrong_size" : "?");
        return words;
    }
    PipeStage::Items poll(std::uint64_t tsc, std::size_t most = 8)
    {
        PipeStage::Items items(most);
        std::vector<std::uint8_t> verdict(most);
        items.resize(batch->poll_at({items, verdict.data()}, tsc));
        return items;
    }
    std::unique_ptr<Batch> batch;
};

rte_mbuf* pair(PipePool& pool, std::uint64_t seq)
{
    const auto v = static_cast<float>(seq);
    return pool.item(seq, Floats{v, v + 0.5F});
}

TEST(BatchStage, WholeBatchesComeAtOnce)
{
    PipePool pool(16);
    TimedBatch b(pool, 2, 1'000'000);
    EXPECT_EQ(b.batch->ready(), 4U);
    EXPECT_EQ(b.run({pair(pool, 5), pair(pool, 6), pair(pool, 7)}, 100), (Words{"taken", "taken", "taken"}));
    EXPECT_EQ(b.batch->held(), 3U);
    EXPECT_EQ(b.batch->ready(), 1U);
    const auto out = b.poll(100);
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(b.batch->held(), 1U);
    EXPECT_EQ(tensor_of<float>(out[0]), (Floats{5, 5.5, 6, 6.5}));
    const auto& item = *qaic_pipe_item_of(out[0]);
    EXPECT_EQ(item.weight, 2U);
    EXPECT_EQ(item.seq, 5U);
    EXPECT_EQ(item.born, 1005U);
    EXPECT_EQ(item.label, QAIC_PIPE_NO_LABEL);
    EXPECT_TRUE(is_batch(out[0]));
    EXPECT_EQ(batch_head(out[0])->count, 2U);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(qaic_pipe_tensor(out[0])) % 64, 0U);
    rte_pktmbuf_free(out[0]); // as whoever drops it does: its members go, too
    EXPECT_EQ(pool.out(), 1U);
    b.batch.reset(); // what it holds is not lost either
    EXPECT_EQ(pool.out(), 0U);
}

TEST(BatchStage, APartWaitsForItsOldestMember)
{
    PipePool pool(16);
    TimedBatch b(pool, 4, 1000);
    b.run({pair(pool, 1)}, 5000);
    b.run({pair(pool, 2)}, 5900);
    EXPECT_TRUE(b.poll(5999).empty());
    const auto out = b.poll(6000);
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(tensor_of<float>(out[0]), (Floats{1, 1.5, 2, 2.5, 0, 0, 0, 0})) << "filled up with zeros";
    EXPECT_EQ(qaic_pipe_item_of(out[0])->weight, 2U);
    EXPECT_EQ(batch_head(out[0])->size, 4U);
    free_item(out[0]);
    // After a whole one, what stays has its own time.
    PipeStage::Items five;
    for (int i = 0; i < 5; ++i) five.push_back(pair(pool, 10 + static_cast<unsigned>(i)));
    b.run({five[0]}, 7000);
    b.run({five[1], five[2], five[3], five[4]}, 7900);
    auto more = b.poll(8500);
    ASSERT_EQ(more.size(), 1U);
    EXPECT_EQ(qaic_pipe_item_of(more[0])->weight, 4U);
    free_item(more[0]);
    EXPECT_TRUE(b.poll(8899).empty());
    more = b.poll(8900);
    ASSERT_EQ(more.size(), 1U);
    EXPECT_EQ(tensor_of<float>(more[0])[0], 14);
    free_item(more[0]);
    EXPECT_EQ(pool.out(), 0U);
}

TEST(BatchStage, WithoutAWaitItTakesWhatIsThere)
{
    PipePool pool(8);
    TimedBatch b(pool, 4, 0);
    EXPECT_TRUE(b.poll(1).empty()) << "not batches of nothing";
    b.run({pair(pool, 1)}, 1);
    const auto out = b.poll(1);
    ASSERT_EQ(out.size(), 1U);
    EXPECT_TRUE(is_batch(out[0])) << "one of one member, too";
    free_item(out[0]);
    EXPECT_EQ(pool.out(), 0U);
}

TEST(BatchStage, AtTheEndThePartComes)
{
    PipePool pool(8);
    TimedBatch b(pool, 4, ~0ULL);
    b.run({pair(pool, 1)}, 1);
    EXPECT_TRUE(b.poll(1ULL << 40).empty());
    b.batch->drain();
    b.batch->drain();
    const auto out = b.poll(2);
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(b.batch->held(), 0U);
    free_item(out[0]);
}

TEST(BatchStage, AnEmptyPoolOnlyMakesItWait)
{
    PipePool members(2), pool(1);
    TimedBatch b(pool, 2, 0);
    auto* const last = pair(pool, 9);
    b.run({pair(members, 1), pair(members, 2)}, 1);
    EXPECT_TRUE(b.poll(1).empty());
    EXPECT_EQ(b.batch->held(), 2U);
    EXPECT_EQ(b.batch->ready(), 2U);
    free_item(last);
    const auto out = b.poll(2);
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(tensor_of<float>(out[0]), (Floats{1, 1.5, 2, 2.5}));
    free_item(out[0]);
    EXPECT_EQ(members.out(), 0U);
    PipePool narrow(1, 128);
    TimedBatch n(narrow, 2, 0);
    n.run({pair(members, 1)}, 1);
    EXPECT_TRUE(n.poll(1).empty()) << "items too small for a batch";
    EXPECT_EQ(narrow.out(), 0U);
}

TEST(BatchStage, WrongSizesAndBatchesAreDropped)
{
    PipePool pool(8);
    TimedBatch b(pool, 2, 0);
    auto* const heavy = pair(pool, 3);
    qaic_pipe_item_of(heavy)->weight = 2;
    EXPECT_EQ(b.run({pool.item(0, Floats{1}), pair(pool, 1), pool.item(2, Floats{}), heavy}, 1),
              (Words{"wrong_size", "taken", "wrong_size", "wrong_size"}));
    EXPECT_EQ(b.batch->held(), 1U);
    EXPECT_TRUE(b.run({}, 1).empty());
}

TEST(BatchStage, SaysWhatIsWrongAndHowMuchRoomItNeeds)
{
    EXPECT_EQ(refusal(stage_batch, {}), "p.toml:2:1: stage s needs the option bytes");
    EXPECT_NE(refusal(stage_batch, {{"bytes", 1 << 26}}).find("a tensor of at most"), std::string::npos);
    const PipeSetup s({{"bytes", 8}}, nullptr, 513);
    char error[256] = "";
    EXPECT_EQ(stage_batch.create(&s.setup, error, sizeof error), nullptr);
    EXPECT_STREQ(error, "p.toml:2:1: stage s: batch takes 1 to 512 items");
    // An item with just the room it asks for is enough.
    PipeStage stage(stage_batch, {{"bytes", 8}}, nullptr, 3);
    PipePool members(3), pool(1, (RTE_PKTMBUF_HEADROOM + stage.room() + 63) & ~63U);
    PipeStage with(stage_batch, {{"bytes", 8}}, pool.get(), 3);
    with.run({pair(members, 1), pair(members, 2), pair(members, 3)});
    const auto out = with.poll(1);
    ASSERT_EQ(out.size(), 1U);
    free_item(out[0]);
    EXPECT_EQ(members.out(), 0U);
}

TEST(UnbatchStage, MembersComeBackInOrderWithTheirParts)
{
    PipePool pool(32);
    PipeStage batch(stage_batch, {{"bytes", 8}}, pool.get(), 4);
    PipeStage unbatch(stage_unbatch, {{"bytes", 4}}, pool.get(), 2);
    EXPECT_EQ(unbatch.room(), 4U + 63);
    PipeStage::Items in;
    for (unsigned i = 0; i < 6; ++i) in.push_back(pair(pool, i));
    in[1]->nb_segs = 2, in[1]->next = pool.item(99, Floats{}); // a packet of two segments
    auto* const tail = in[1]->next;
    batch.run(in);
    batch.drain();
    auto batches = batch.poll(4);
    ASSERT_EQ(batches.size(), 2U);
    EXPECT_EQ(batches[0]->nb_segs, 6U);
    for (auto* b : batches) { // what a model made of it: four values of four bytes
        auto* const out = static_cast<float*>(qaic_pipe_new_tensor(b, 16));
        for (int i = 0; i < 4; ++i)
            out[i] = static_cast<float>(100 * qaic_pipe_item_of(b)->seq) + static_cast<float>(i);
    }
    EXPECT_EQ(unbatch.ready(), 2U);
    EXPECT_EQ(unbatch.run(batches), (Words{"taken", "taken"}));
    EXPECT_EQ(unbatch.ready(), 0U);
    EXPECT_EQ(unbatch.held(), 6U);
    PipeStage::Items out;
    for (const std::uint16_t most : {3, 2, 0, 8}) { // across the border of two batches
        Words said;
        for (auto* m : unbatch.poll(most, &said)) out.push_back(m);
        for (const auto& w : said) EXPECT_EQ(w, "pass");
    }
    EXPECT_EQ(out, in);
    EXPECT_EQ(unbatch.held(), 0U);
    EXPECT_EQ(unbatch.ready(), 2U);
    EXPECT_EQ(out[0]->next, nullptr);
    EXPECT_EQ(out[1]->next, tail);
    EXPECT_EQ(tail->next, nullptr);
    const Floats wanted{0, 1, 2, 3, 400, 401};
    for (std::size_t i = 0; i < out.size(); ++i)
        EXPECT_EQ(tensor_of<float>(out[i]), (Floats{wanted[i]})) << i;
    EXPECT_EQ(pool.out(), 7U) << "six members and a segment; the batches' own items went back";
    for (auto* m : out) rte_pktmbuf_free(m);
    EXPECT_EQ(pool.out(), 0U);
}

TEST(UnbatchStage, DropsWhatItCannotTakeApart)
{
    PipePool pool(16);
    PipeStage batch(stage_batch, {{"bytes", 8}}, pool.get(), 2);
    PipeStage unbatch(stage_unbatch, {{"bytes", 4}}, pool.get(), 4);
    batch.run({pair(pool, 0), pair(pool, 1)});
    auto* const whole = batch.poll(1).at(0); // its tensor is still of 16 bytes
    auto* const packet = pair(pool, 2);
    packet->data_len = 60, packet->next = pair(pool, 3), packet->nb_segs = 2;
    EXPECT_EQ(unbatch.run({whole, pair(pool, 4), packet}),
              (Words{"wrong_size", "not_a_batch", "not_a_batch"}));
    EXPECT_EQ(unbatch.held(), 0U);
    EXPECT_EQ(refusal(stage_unbatch, {}), "p.toml:2:1: stage s needs the option bytes");
}

TEST(UnbatchStage, AMemberWithoutRoomIsDroppedAlone)
{
    PipePool pool(8), narrow(1, 192);
    PipeStage batch(stage_batch, {{"bytes", 8}}, pool.get(), 2);
    PipeStage unbatch(stage_unbatch, {{"bytes", 8}}, pool.get(), 2);
    batch.run({pair(narrow, 0), pair(pool, 1)});
    unbatch.run(batch.poll(1));
    Words said;
    const auto out = unbatch.poll(4, &said);
    EXPECT_EQ(said, (Words{"no_room", "pass"}));
    for (auto* m : out) free_item(m);
    EXPECT_EQ(pool.out() + narrow.out(), 0U);
}

TEST(UnbatchStage, WhatItHoldsIsFreedWithIt)
{
    PipePool pool(16);
    {
        PipeStage batch(stage_batch, {{"bytes", 8}}, pool.get(), 2);
        PipeStage unbatch(stage_unbatch, {{"bytes", 8}}, pool.get(), 2);
        batch.run({pair(pool, 0), pair(pool, 1), pair(pool, 2), pair(pool, 3)});
        unbatch.run(batch.poll(2));
        free_item(unbatch.poll(1).at(0)); // the first one is taken apart half
        EXPECT_EQ(unbatch.held(), 3U);
    }
    EXPECT_EQ(pool.out(), 0U);
}

} // namespace
