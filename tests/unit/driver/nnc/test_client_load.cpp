// SPDX-License-Identifier: BSD-3-Clause
// Host memory on its way to the card: what is described, how long it stays, continuation (4.7, N-CONT).
#include <gtest/gtest.h>

#include "fakes.hpp"
#include <numeric>

namespace qaic::nnc {
namespace {
using namespace aic100;

/// A card that reads DMA transfers, chunk by chunk, and answers loads.
struct LoadingCard {
    FakeBus* bus = nullptr;
    Bytes received;
    std::uint64_t expected = 0;
    std::uint32_t response = 4, id = 1;
    std::int32_t status = 0;
    bool mute = false;
    unsigned fail_first = 0;                     ///< answer so many with -36
    std::function<void(NncDmaCont&)> spoil;      ///< breaks a continuation
    std::vector<std::uint64_t> offsets, lengths; ///< of constants payloads
    bool memory_was_gone = false, aborted = false;

    void read_pairs(ConstSpan m, std::size_t at)
    {
        const auto x = read_at<NncDmaXfer>(m, at);
        ASSERT_TRUE(x);
        for (std::uint32_t i = 0; i < x->count; ++i) {
            const auto p = read_at<NncDmaPair>(m, at + sizeof *x + i * sizeof(NncDmaPair));
            const auto data = bus->read(p->address, p->size);
            if (!data) return void(memory_was_gone = true);
            received.insert(received.end(), data->begin(), data->end());
        }
    }
    void operator()(FakeChannel& ch, ConstSpan m)
    {
        const auto seq = header_of(m).sequence;
        const auto first = read_at<NncTransaction>(m, 32);
        if (first->type == 15) return ch.reply(status_reply(seq, 1));
        if (mute) return;
        std::uint32_t chunk = 0;
        if (first->type == 6) {
            const auto x = *read_at<NncDmaXfer>(m, 32);
            aborted |= x.count == 0 && x.tag == 0;
            chunk = x.chunk_id;
            read_pairs(m, 32);
        } else {
            const auto command = command_of(m);
            if (command == 3) response = 4, expected = read_at<LoadElf>(m, 40)->data_length, received.clear();
            if (command == 15 || command == 16) response = 2;
            if (command == 16) {
                const auto p = *read_at<LoadConstantsPayload>(m, 40);
                expected = p.data_length;
                received.clear();
                offsets.push_back(p.offset), lengths.push_back(p.data_length);
            }
            if (command == 5 || command == 7) {
                StatusResp r{};
                r.type = command + 1;
                r.status = status;
                return ch.reply(card_message(seq, {passthrough(r)}));
            }
            if (header_of(m).count == 2) {
                chunk = read_at<NncDmaXfer>(m, 32 + first->length)->chunk_id;
                read_pairs(m, 32 + first->length);
            }
        }
        if (!aborted && chunk != 0 && received.size() < expected) {
            NncDmaCont c{};
            c.chunk_id = chunk;
            c.transferred = received.size();
            if (spoil) spoil(c);
            return ch.reply(card_message(seq, {transaction(NncType::DMA_XFER_CONT, c)}));
        }
        LoadResp r{};
        r.type = response;
        r.id = id;
        r.status = fail_first > 0 ? (--fail_first, nnc_status::SSR) : status;
        ch.reply(card_message(seq, {passthrough(r)}));
    }
};

struct Loading : testing::Test {
    LoadingCard card;
    Bench b{[this](FakeChannel& ch, ConstSpan m) { card(ch, m); }};
    void SetUp() override
    {
        card.bus = &b.bus;
        ASSERT_TRUE(b.client->hello());
    }
    static Bytes pattern(std::size_t n)
    {
        Bytes out(n);
        for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::byte>(i * 31 + i / 4096);
        return out;
    }
};

TEST_F(Loading, ElfGoesAsOnePairAndItsMemoryComesBack)
{
    const auto elf = pattern(100001);
    const auto id = b.client->load_elf(elf, "NetworkImage");
    ASSERT_TRUE(id) << id.error().message();
    EXPECT_EQ(*id, 1u);
    EXPECT_EQ(card.received, elf);
    EXPECT_TRUE(b.bus.live.empty());
    const auto& m = b.channel->sent.back();
    EXPECT_EQ(read_at<NncTransaction>(m, 32)->length, 16 + sizeof(LoadElf)) << "length quirk (4.13)";
    const auto x = read_at<NncDmaXfer>(m, 32 + 112);
    EXPECT_EQ(x->count, 1u);
    EXPECT_EQ(x->tag, 100u);
    EXPECT_EQ(x->chunk_id, 0u);
}

TEST_F(Loading, ConstantsPartsFollowEachOther)
{
    ConstantsDescriptor d{};
    d.static_bytes = 5000, d.dynamic_bytes = 300;
    ASSERT_TRUE(b.client->load_constants(d, pattern(5000), pattern(300)));
    EXPECT_EQ(card.offsets, (std::vector<std::uint64_t>{0, 5000}));
    EXPECT_EQ(card.lengths, (std::vector<std::uint64_t>{5000, 300}));
    // LOAD_CONSTANTS_EX: 16 + 80 + 24 descriptor bytes, no DMA transaction.
    EXPECT_EQ(header_of(b.channel->sent[1]).count, 1u);
    EXPECT_EQ(header_of(b.channel->sent[1]).length, 32u + 16 + 80 + 24);
    EXPECT_EQ(*b.client->load_constants(d, {}, {}), 0u);
    EXPECT_TRUE(b.bus.live.empty());
}

TEST_F(Loading, FragmentedMemoryBecomesSeveralPairs)
{
    b.bus.largest = 5000;
    const auto elf = pattern(20000);
    ASSERT_TRUE(b.client->load_elf(elf, "n"));
    EXPECT_EQ(card.received, elf);
    b.bus.largest = 0;
    EXPECT_EQ(b.client->load_elf(elf, "n").error().code, Code::E_HUGE);
    EXPECT_TRUE(b.bus.live.empty());
}

TEST_F(Loading, MorePairsThanFitAreContinued)
{
    b.client->set_staging_piece(4096);
    const auto elf = pattern((4021 + 4028 + 5) * 4096 - 7);
    const auto id = b.client->load_elf(elf, "big");
    ASSERT_TRUE(id) << id.error().message();
    EXPECT_EQ(card.received, elf);
    EXPECT_FALSE(card.memory_was_gone);
    ASSERT_EQ(b.channel->sent.size(), 4u);
    EXPECT_EQ(header_of(b.channel->sent[2]).count, 1u) << "only the rest of the pairs is sent again";
    EXPECT_TRUE(b.bus.live.empty());
}

/// However much it is, two windows of memory are enough; one does, too.
TEST_F(Loading, LongTransfersAreStagedInTwoWindows)
{
    const auto elf = pattern(100'000);
    b.client->set_staging_window(8192);
    ASSERT_TRUE(b.client->load_elf(elf, "long"));
    EXPECT_EQ(card.received, elf);
    EXPECT_FALSE(card.memory_was_gone);
    EXPECT_EQ(b.channel->sent.size(), 1 + (elf.size() + 8191) / 8192);
    EXPECT_EQ(b.bus.most, 2 * 8192u);
    b.bus.total = 8192;
    ASSERT_TRUE(b.client->load_elf(elf, "long"));
    EXPECT_EQ(card.received, elf);
    b.bus.total = 6000; // less than a window: shorter parts
    ASSERT_TRUE(b.client->load_elf(elf, "long"));
    EXPECT_EQ(card.received, elf);
    EXPECT_TRUE(b.bus.live.empty());
}

TEST_F(Loading, FalseContinuationIsRefusedAndAborted)
{
    const std::function<void(NncDmaCont&)> spoils[] = {
        [](NncDmaCont& c) { c.chunk_id = 77; },
        [](NncDmaCont& c) { c.transferred = c.transferred - 1; },
        [](NncDmaCont& c) { c.transferred = 0; },
    };
    b.client->set_staging_piece(4096);
    for (const auto& spoil : spoils) {
        card.spoil = spoil;
        card.aborted = false;
        const auto r = b.client->load_elf(pattern(4100 * 4096), "big");
        ASSERT_FALSE(r);
        EXPECT_EQ(r.error().code, Code::E_PROTO);
        EXPECT_NE(r.error().text.find("N-CONT"), std::string::npos);
        EXPECT_TRUE(card.aborted);
    }
    EXPECT_EQ(b.client->counters().n_cont, 3u);
    EXPECT_TRUE(b.bus.live.empty());
}

TEST_F(Loading, ContinuationNobodyNeedsIsRefused)
{
    auto& b2 = b;
    Bench rude([](FakeChannel& ch, ConstSpan m) {
        if (read_at<le32>(m, 32)->get() == 15) return ch.reply(status_reply(header_of(m).sequence, 1));
        NncDmaCont c{};
        c.chunk_id = 0;
        c.transferred = 10;
        ch.reply(card_message(header_of(m).sequence, {transaction(NncType::DMA_XFER_CONT, c)}));
    });
    ASSERT_TRUE(rude.client->hello());
    EXPECT_EQ(rude.client->load_elf(pattern(10), "n").error().code, Code::E_PROTO);
    (void)b2;
}

TEST_F(Loading, RestartIsRetriedFiveTimesASecondApart)
{
    card.fail_first = 4;
    const auto before = b.bus.clock().now();
    EXPECT_TRUE(b.client->load_elf(pattern(100), "n"));
    EXPECT_GE(b.bus.clock().now() - before, 4s);
    EXPECT_EQ(b.channel->sent.size(), 6u);
    card.fail_first = 99;
    const auto r = b.client->load_elf(pattern(100), "n");
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().code, Code::E_BUSY);
    EXPECT_EQ(b.channel->sent.size(), 11u);
    EXPECT_TRUE(b.bus.live.empty());
}

TEST_F(Loading, StatusCodesHaveTheirMeaning)
{
    const std::pair<std::int32_t, Code> table[] = {
        {-4, Code::E_NORES},  {-12, Code::E_NORES}, {-13, Code::E_NORES}, {-14, Code::E_NORES},
        {-15, Code::E_NORES}, {-9, Code::E_PERM},   {-5, Code::E_FORMAT}, {-102, Code::E_FORMAT},
        {-3, Code::E_UNSUPP}, {-6, Code::E_INVAL},  {-1, Code::E_DMA},    {-12345, Code::E_DMA},
        {17, Code::E_DMA},
    };
    for (const auto& [status, code] : table) {
        card.status = status;
        const auto r = b.client->load_elf(pattern(10), "n");
        ASSERT_FALSE(r);
        EXPECT_EQ(r.error().code, code) << status;
        EXPECT_NE(r.error().text.find(fmt::format("NNC status {} ", status)), std::string::npos);
        EXPECT_EQ(b.client->unload_elf(1).error().code, code);
        EXPECT_EQ(b.client->unload_constants(1).error().code, code);
    }
}

TEST_F(Loading, IdZeroIsNoId)
{
    card.id = 0;
    EXPECT_EQ(b.client->load_elf(pattern(10), "n").error().code, Code::E_PROTO);
    EXPECT_EQ(b.client->load_elf({}, "n").error().code, Code::E_FORMAT);
}

TEST_F(Loading, TimedOutMemoryStaysOwnedUntilTheLateReply)
{
    card.mute = true;
    EXPECT_EQ(b.client->load_elf(pattern(10000), "n").error().code, Code::E_TIMEOUT);
    EXPECT_EQ(b.client->retired_bytes(), 10000u);
    EXPECT_EQ(b.bus.live.size(), 1u);
    // The late reply proves that the card has read it.
    card.mute = false;
    LoadResp r{};
    r.type = 4;
    b.channel->reply(card_message(header_of(b.channel->sent.back()).sequence, {passthrough(r)}));
    ASSERT_TRUE(b.client->load_elf(pattern(10), "n"));
    EXPECT_EQ(b.client->counters().late, 1u);
    EXPECT_EQ(b.client->retired_bytes(), 0u);
    EXPECT_TRUE(b.bus.live.empty());
}

TEST_F(Loading, TimedOutMemoryIsGivenUpWithoutAFenceAndFreedWithOne)
{
    card.mute = true;
    EXPECT_FALSE(b.client->load_elf(pattern(10000), "n"));
    b.client.reset();
    EXPECT_EQ(b.bus.live.size(), 1u) << "the card may still read it";

    Bench c([](FakeChannel& ch, ConstSpan m) {
        if (read_at<le32>(m, 32)->get() == 15) ch.reply(status_reply(header_of(m).sequence, 1));
    });
    ASSERT_TRUE(c.client->hello());
    EXPECT_FALSE(c.client->load_elf(pattern(10000), "n"));
    c.client->card_fenced();
    EXPECT_TRUE(c.bus.live.empty());
}

} // namespace
} // namespace qaic::nnc
