// SPDX-License-Identifier: BSD-3-Clause
// Sub-system restart with and without a dump, acknowledged and not. aic100-device.md 6.1
#include "stages.hpp"

namespace test {
namespace {

class CardSsr : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_TRUE(h.boot(built_images())); }
    /// Posts the 32-byte buffer (or another) and takes the next SSR message.
    std::optional<Bytes> ssr_next(std::uint32_t buffer = 32)
    {
        h.post(7, buffer);
        return h.receive(7);
    }
    Bytes event(unsigned dbc, unsigned code) { return words({0x100, 16, dbc, code}); }
    void answer(unsigned dbc, unsigned code) { h.send(6, words({0x200, 16, dbc, code})); }

    Bench b;
    MiniHost& h = b.mini;
};

TEST_F(CardSsr, CycleOneEventAtATime)
{
    ASSERT_TRUE(h.start_pair(6));
    std::vector<std::size_t> dead; // DBCs under SSR when each event is written
    b.host.on_write = [&](std::uint64_t, ConstSpan bytes) {
        if (bytes.size() == 16 && bytes[1] == std::byte{1} && bytes[4] == std::byte{16})
            dead.push_back(b.control->under_ssr.size());
    };
    b.core.faults().start_ssr(3, false);
    EXPECT_EQ(ssr_next(), from_hex("00010000100000000300000002000000"));
    h.post(7, 32);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(h.receive(7), std::nullopt) << "awaits the answer";
    answer(4, 2), answer(3, 4); // another DBC, another event
    EXPECT_EQ(h.receive(7), std::nullopt);
    answer(3, 2);
    EXPECT_EQ(h.receive(7), event(3, 4));
    answer(3, 4);
    EXPECT_EQ(ssr_next(), event(3, 8));
    answer(3, 8);
    EXPECT_EQ(ssr_next(), event(3, 0x10));
    answer(3, 0x10);
    h.settle();
    EXPECT_TRUE(b.core.faults().ssr_idle());
    EXPECT_EQ(b.core.faults().ssr().finished, 1u);
    EXPECT_EQ(b.core.faults().ssr().ignored, 2u);
    EXPECT_EQ(dead, (std::vector<std::size_t>{1, 1, 1, 0})) << "DMA stopped before, usable at AFTER_POWER_UP";
}

TEST_F(CardSsr, WithDump)
{
    ASSERT_TRUE(h.start_pair(6));
    b.core.faults().start_ssr(1, true);
    for (const unsigned code : {2u, 4u, 8u}) {
        EXPECT_EQ(ssr_next(), event(1, code));
        answer(1, code);
    }
    const auto offer = ssr_next();
    EXPECT_EQ(offer, words({1, 32, 1, 0, 0x10000000, 0, 128, 0}));
    h.send(6, words({2, 16, 1, 0}));
    const auto read = [&](std::uint32_t address, std::uint32_t length) {
        h.send(6, words({4, 32, 1, 0xdead, address, 0, length, 0}));
        h.post(7, 65488);
        return h.receive(7).value_or(Bytes{});
    };
    const auto table = read(0x10000000, 65472);
    ASSERT_EQ(table.size(), 16u + 128) << "less than asked at the end of the table";
    EXPECT_EQ(word(table, 0), 8u);
    EXPECT_EQ(word(table, 4), table.size());
    EXPECT_EQ(word(table, 8), 1u);
    const auto dump = card::default_dump();
    for (std::size_t region = 0; region < 2; ++region) {
        const auto& want = dump.regions()[region];
        const auto at = 16 + 64 * region;
        ASSERT_EQ(word(table, at + 8), want.address);
        ASSERT_EQ(word(table, at + 16), want.data.size());
        EXPECT_EQ(std::string(reinterpret_cast<const char*>(table.data()) + at + 0x2c), want.file);
        Bytes got;
        while (got.size() < want.data.size()) {
            const auto part = read(static_cast<std::uint32_t>(want.address + got.size()), 65472);
            ASSERT_GT(part.size(), 16u);
            got.insert(got.end(), part.begin() + 16, part.end());
        }
        EXPECT_EQ(got, want.data);
    }
    h.send(6, words({4, 32, 1, 0, 0x99, 0, 64, 0})); // nothing there: no answer
    h.send(6, words({0x10, 16, 1, 0xcccc}));
    EXPECT_EQ(ssr_next(), words({0x20, 16, 1, 0})) << "before AFTER_POWER_UP";
    EXPECT_EQ(ssr_next(), event(1, 0x10));
    answer(1, 0x10);
    h.settle();
    EXPECT_EQ(b.core.faults().ssr().dumps, 1u);
    EXPECT_EQ(b.core.faults().ssr().finished, 1u);
}

TEST_F(CardSsr, NackOfDumpAndOfPowerUp)
{
    ASSERT_TRUE(h.start_pair(6));
    b.core.faults().start_ssr(2, true);
    for (const unsigned code : {2u, 4u, 8u}) {
        EXPECT_EQ(ssr_next(), event(2, code));
        answer(2, code);
    }
    ASSERT_TRUE(ssr_next());
    h.send(6, words({2, 16, 2, 1})); // no dump
    EXPECT_EQ(ssr_next(), event(2, 0x10));
    answer(2, 1); // NACK: the host was not ready
    h.post(7, 32);
    EXPECT_EQ(h.receive(7), std::nullopt);
    ASSERT_TRUE(b.core.next_due().has_value());
    b.clock.advance(*b.core.next_due() - b.clock.now());
    EXPECT_EQ(h.receive(7), event(2, 0x10)) << "again";
    answer(2, 0x10);
    h.settle();
    EXPECT_EQ(b.core.faults().ssr().abandoned, 1u);
    EXPECT_EQ(b.core.faults().ssr().nacks, 2u);
    EXPECT_EQ(b.core.faults().ssr().finished, 1u);
}

TEST_F(CardSsr, OfTwoDbcsOneAfterTheOtherAndNotBeforeTheHostListens) // D31
{
    b.core.faults().start_ssr(5, false);
    b.core.faults().start_ssr(6, false);
    h.settle();
    EXPECT_TRUE(b.control->under_ssr.empty());
    ASSERT_TRUE(h.start_pair(6));
    for (const unsigned dbc : {5u, 6u})
        for (const unsigned code : {2u, 4u, 8u, 0x10u}) {
            EXPECT_EQ(ssr_next(), event(dbc, code));
            answer(dbc, code);
        }
    h.settle();
    EXPECT_EQ(b.core.faults().ssr().finished, 2u);
}

TEST_F(CardSsr, ThatIsNeverAcknowledgedGivesUpRepeating)
{
    ASSERT_TRUE(h.start_pair(6));
    b.core.faults().start_ssr(0, false);
    for (const unsigned code : {2u, 4u, 8u}) {
        ASSERT_TRUE(ssr_next());
        answer(0, code);
    }
    unsigned offered = 0;
    while (const auto again = ssr_next()) {
        EXPECT_EQ(again, event(0, 0x10));
        ASSERT_LT(++offered, 20u);
        answer(0, 1);
        h.pass(1s);
    }
    EXPECT_EQ(offered, 8u);
    EXPECT_TRUE(b.core.faults().ssr_idle());
}

} // namespace
} // namespace test
