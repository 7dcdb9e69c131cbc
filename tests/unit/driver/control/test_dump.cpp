// SPDX-License-Identifier: BSD-3-Clause
// Crash dumps: the container out of what the card says, and the talk about it. aic100-device.md 6.1
#include "aic100/wire/sahara.hpp"
#include "ssr_talk.hpp"
#include <gtest/gtest.h>

namespace test {
namespace {
using aic100::DumpEntry;
using aic100::SsrCmd;
using services::DumpReader;

constexpr std::uint64_t table_at = 0x1000, mib = 1u << 20;

struct Region {
    std::uint64_t address, length;
};
Bytes table_of(std::initializer_list<Region> regions)
{
    Bytes out;
    for (const auto& r : regions) {
        DumpEntry e{std::uint64_t{1}, r.address, r.length, {}, {}};
        std::memset(e.description, 'd', sizeof e.description);
        std::memset(e.file, 'f', sizeof e.file);
        append(out, e);
    }
    return out;
}
Bytes pattern(std::size_t n, unsigned seed)
{
    Bytes out(n);
    for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::byte>(i * 7 + i / 256 + seed);
    return out;
}
DumpReader reader_of(std::uint64_t table_bytes, std::uint64_t limit = mib)
{
    auto r = DumpReader::begin(table_at, table_bytes, limit);
    EXPECT_TRUE(r) << r.error().message();
    return std::move(*r);
}

TEST(DumpReader, RegionsFollowTheTableInPieces)
{
    const auto table = table_of({{0x10'0000, 100'000}, {0x20'0000, 5}});
    const auto first = pattern(100'000, 1), second = pattern(5, 2);
    auto r = reader_of(table.size());
    EXPECT_EQ(r.next()->address, table_at);
    EXPECT_EQ(r.next()->length, 128u);
    ASSERT_TRUE(r.take(ConstSpan(table).first(100))); // less than asked: the rest is asked for
    EXPECT_EQ(r.next()->address, table_at + 100);
    EXPECT_EQ(r.next()->length, 28u);
    ASSERT_TRUE(r.take(ConstSpan(table).subspan(100)));
    for (std::size_t got = 0; got < first.size();) {
        ASSERT_EQ(r.next()->address, 0x10'0000 + got);
        ASSERT_EQ(r.next()->length, std::min<std::size_t>(DumpReader::chunk, first.size() - got));
        const auto n = std::min<std::size_t>(r.next()->length, 40'000);
        ASSERT_TRUE(r.take(ConstSpan(first).subspan(got, n)));
        got += n;
    }
    EXPECT_EQ(r.next()->length, 5u);
    ASSERT_TRUE(r.take(second));
    EXPECT_FALSE(r.next());
    EXPECT_FALSE(r.cut());
    EXPECT_FALSE(r.take(second)) << "nothing was asked for";
    const auto file = std::move(r).container();
    ASSERT_EQ(file.size(), 32 + 128 + 100'005u);
    EXPECT_EQ(read_at<le64>(file, 0)->get(), 0x1234567890abcdefu);
    EXPECT_EQ(read_at<le64>(file, 8)->get(), 1u);
    EXPECT_EQ(read_at<le64>(file, 16)->get(), file.size());
    EXPECT_EQ(read_at<le64>(file, 24)->get(), 128u);
    const auto entry = *read_at<DumpEntry>(file, 32 + 64);
    EXPECT_EQ(entry.length, 5u);
    EXPECT_EQ(entry.description[19], '\0') << "the card's text ends";
    EXPECT_EQ(entry.file[19], '\0');
    EXPECT_EQ(Bytes(file.begin() + 160, file.begin() + 160 + 100'000), first);
    EXPECT_EQ(Bytes(file.end() - 5, file.end()), second);
}

TEST(DumpReader, WhatDoesNotFitIsLeftOut)
{
    const auto table = table_of({{0, 900}, {0x1000, 5000}, {0x2000, 100}, {0x3000, ~0ull >> 1}});
    auto r = reader_of(table.size(), 32 + 256 + 1000);
    ASSERT_TRUE(r.take(table));
    EXPECT_TRUE(r.cut());
    ASSERT_TRUE(r.take(pattern(900, 0)));
    EXPECT_EQ(r.next()->address, 0x2000u);
    ASSERT_TRUE(r.take(pattern(100, 0)));
    EXPECT_FALSE(r.next());
    const auto file = std::move(r).container();
    EXPECT_EQ(file.size(), 32 + 256 + 1000u);
    EXPECT_EQ(read_at<DumpEntry>(file, 32 + 64)->length, 0u);
    EXPECT_EQ(read_at<DumpEntry>(file, 32 + 192)->length, 0u);
}

TEST(DumpReader, LiesAreRefused)
{
    for (const std::uint64_t bytes : {0u, 1u, 63u, 65u})
        EXPECT_EQ(DumpReader::begin(0, bytes, mib).error().code, Code::E_PROTO) << bytes;
    EXPECT_EQ(DumpReader::begin(0, 64 * (DumpReader::most_entries + 1), 1u << 30).error().code,
              Code::E_LIMIT);
    EXPECT_EQ(DumpReader::begin(0, 128, 159).error().code, Code::E_LIMIT);
    EXPECT_EQ(DumpReader::begin(~0ull - 10, 64, mib).error().code, Code::E_PROTO) << "wraps around";
    for (const auto bad : {Region{0x1000, 0}, Region{~0ull - 3, 8}}) {
        auto r = reader_of(64);
        EXPECT_EQ(r.take(table_of({bad})).error().code, Code::E_PROTO) << bad.length;
    }
    auto r = reader_of(64);
    EXPECT_FALSE(r.take({})) << "would be asked for ever";
    auto s = reader_of(64);
    EXPECT_FALSE(s.take(pattern(65, 0))) << "more than asked";
}

/// One region of 70000 bytes, read to the end.
TEST(SsrDump, IsReadBetweenTheEvents)
{
    SsrTalk t(mib);
    ASSERT_TRUE(t.good);
    t.bring_down(3);
    EXPECT_EQ(t.heard().size(), 3u);
    EXPECT_EQ(t.buffer(), 32u);
    const auto table = table_of({{0x9000, 70'000}});
    const auto memory = pattern(70'000, 5);
    ASSERT_TRUE(t.offer(3, table_at, table.size()));
    auto said = t.heard();
    ASSERT_EQ(said.size(), 2u);
    EXPECT_EQ(read_at<aic100::SsrWord>(said[0])->value, 0u) << "accepted";
    EXPECT_EQ(t.buffer(), 65488u) << "there before the card may answer";
    std::size_t got = 0;
    ASSERT_TRUE(t.data(3, table));
    for (; got < memory.size();) {
        said = t.heard();
        ASSERT_EQ(said.size(), 1u);
        const auto ask = *read_at<aic100::SsrTransferInfo>(said[0]);
        EXPECT_EQ(ask.header.command, 4u);
        EXPECT_EQ(ask.header.dbc, 3u);
        EXPECT_EQ(ask.address, 0x9000 + got);
        ASSERT_TRUE(t.data(3, ConstSpan(memory).subspan(got, ask.length)));
        got += ask.length;
    }
    EXPECT_TRUE(t.ssr.dumping());
    said = t.heard();
    ASSERT_EQ(said.size(), 1u);
    EXPECT_EQ(read_at<aic100::SsrWord>(said[0])->header.command, 0x10u);
    EXPECT_EQ(t.buffer(), 32u);
    ASSERT_TRUE(t.say(SsrCmd::DEBUG_TRANSFER_DONE_RSP, 3, 0));
    EXPECT_FALSE(t.ssr.dumping());
    ASSERT_EQ(t.dumps.size(), 1u);
    ASSERT_TRUE(t.dumps[0].container);
    EXPECT_EQ(Bytes(t.dumps[0].container->end() - 70'000, t.dumps[0].container->end()), memory);
    ASSERT_TRUE(t.say(SsrCmd::SSR_EVENT, 3, 0x10));
    EXPECT_EQ(read_at<aic100::SsrWord>(t.heard().at(0))->value, 0x10u);
    EXPECT_EQ(t.dropped, 0u);
}

TEST(SsrDump, IsDeclinedOutOfPlace)
{
    for (const bool wanted : {false, true}) {
        SsrTalk t(wanted ? mib : 0);
        if (!wanted) t.bring_down(1);
        (void)t.heard();
        ASSERT_TRUE(t.offer(1, table_at, 64));
        const auto said = t.heard();
        ASSERT_EQ(said.size(), 1u);
        EXPECT_EQ(read_at<aic100::SsrWord>(said[0])->value, 1u) << "nack";
        EXPECT_FALSE(t.ssr.dumping());
    }
}

/// D32: whatever breaks the protocol ends the dump with an error, and the channel goes on.
TEST(SsrDump, EndsWhenTheCardBreaksTheProtocol)
{
    const std::function<void(SsrTalk&)> breaches[] = {
        [](SsrTalk& t) { (void)t.data(2, pattern(64, 0)); }, // another DBC
        [](SsrTalk& t) { (void)t.data(1, pattern(65, 0)); }, // more than asked
        [](SsrTalk& t) { (void)t.data(1, {}); },             // nothing
        [](SsrTalk& t) {
            (void)t.data(1, table_of({{1, 0}}));
        },                                                                      // an empty region
        [](SsrTalk& t) { (void)t.say(SsrCmd::DEBUG_TRANSFER_DONE_RSP, 1, 0); }, // too early
        [](SsrTalk& t) { (void)t.offer(1, table_at, 63); },                     // in the middle: declined
        [](SsrTalk& t) { (void)t.say(pattern(10, 0)); },                        // no header
        [](SsrTalk& t) {                                                        // length lies
            auto p = pattern(80, 0);
            const aic100::SsrHeader h{8u, std::uint32_t{40}, 1u};
            std::memcpy(p.data(), &h, sizeof h);
            (void)t.say(p);
        },
        [](SsrTalk& t) {
            Bytes p;
            append(p, aic100::SsrWord{{8u, std::uint32_t{80}, 1u}, 0u});
            p.resize(80);
            (void)t.say(p, true); // goes on in the next buffer
        },
        [](SsrTalk& t) { t.card.manual.advance(services::Ssr::dump_limit), t.ssr.poll(); },
    };
    for (std::size_t i = 0; i < std::size(breaches); ++i) {
        SsrTalk t(mib);
        t.bring_down(1);
        ASSERT_TRUE(t.offer(1, table_at, 64));
        ASSERT_TRUE(t.ssr.dumping());
        (void)t.heard();
        breaches[i](t);
        if (i == 5) {
            EXPECT_TRUE(t.ssr.dumping());
            continue;
        }
        EXPECT_FALSE(t.ssr.dumping()) << i;
        ASSERT_EQ(t.dumps.size(), 1u) << i;
        ASSERT_FALSE(t.dumps[0].container) << i;
        EXPECT_NE(t.dumps[0].container.error().code, Code::E_CANCELED) << i;
        (void)t.heard();
        ASSERT_TRUE(t.say(SsrCmd::SSR_EVENT, 1, 0x10)) << i;
        EXPECT_EQ(read_at<aic100::SsrWord>(t.heard().at(0))->value, 0x10u) << i;
    }
}

TEST(SsrDump, IsGivenUpWhenTheCardGoesOn)
{
    SsrTalk t(mib);
    t.bring_down(1);
    ASSERT_TRUE(t.offer(1, table_at, 64));
    (void)t.heard();
    ASSERT_TRUE(t.say(SsrCmd::SSR_EVENT, 1, 0x10));
    EXPECT_EQ(read_at<aic100::SsrWord>(t.heard().at(0))->value, 1u) << "not now";
    ASSERT_EQ(t.dumps.size(), 1u);
    EXPECT_EQ(t.dumps[0].container.error().code, Code::E_CANCELED);
    ASSERT_TRUE(t.say(SsrCmd::SSR_EVENT, 1, 0x10));
    EXPECT_EQ(read_at<aic100::SsrWord>(t.heard().at(0))->value, 0x10u) << "now";
}

} // namespace
} // namespace test
