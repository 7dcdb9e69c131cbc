// SPDX-License-Identifier: BSD-3-Clause
// The frame decoder alone: every way to cut a stream gives the same messages, and descriptors find theirs.
#include "vfio_user/frame_reader.hpp"
#include "test_client.hpp"
#include <random>

namespace vfio_test {
namespace {

std::vector<Fd> files(std::size_t n)
{
    std::vector<Fd> list;
    for (std::size_t i = 0; i < n; ++i) list.push_back(memory_file(1));
    return list;
}

TEST(FrameReader, EveryCutGivesTheSameMessages)
{
    Bytes stream;
    std::mt19937 random(7);
    std::vector<Bytes> bodies;
    for (int i = 0; i < 20; ++i) {
        bodies.emplace_back(random() % 40, static_cast<std::byte>(i));
        const auto one = message(static_cast<Command>(i), bodies.back(), static_cast<std::uint16_t>(i));
        add(stream, one);
    }
    for (int round = 0; round < 500; ++round) {
        FrameReader reader;
        ConstSpan rest = stream;
        std::size_t seen = 0;
        while (!rest.empty()) {
            const auto n = std::min<std::size_t>(rest.size(), 1 + random() % 50);
            ASSERT_TRUE(reader.feed(rest.first(n), {}));
            rest = rest.subspan(n);
            for (auto got = reader.next(); got; got = reader.next()) {
                EXPECT_EQ(got->header.id, seen);
                EXPECT_EQ(got->body, bodies[seen++]);
            }
        }
        EXPECT_EQ(seen, bodies.size());
        EXPECT_FALSE(reader.partial());
    }
}

TEST(FrameReader, DescriptorsBelongToTheMessageOfTheLastByte)
{
    const auto a = message(Command::DMA_MAP, Bytes(8), 1), b = message(Command::DMA_MAP, Bytes(8), 2);
    Bytes both = a;
    add(both, b);
    for (std::size_t cut = 1; cut <= both.size(); ++cut) {
        FrameReader reader;
        ASSERT_TRUE(reader.feed(ConstSpan(both).first(cut), files(2)));
        ASSERT_TRUE(reader.feed(ConstSpan(both).subspan(cut), {}));
        const auto first = reader.next(), second = reader.next();
        ASSERT_TRUE(first && second);
        EXPECT_EQ(first->fds.size(), cut <= a.size() ? 2u : 0u) << cut;
        EXPECT_EQ(second->fds.size(), cut <= a.size() ? 0u : 2u) << cut;
    }
}

TEST(FrameReader, NothingStaysOpenWhateverHappens)
{
    const auto before = open_fds();
    {
        FrameReader reader;
        const auto one = message(Command::DMA_MAP, Bytes(8), 1);
        EXPECT_TRUE(reader.feed(one, files(8)));                      // waits to be taken
        EXPECT_TRUE(reader.feed(ConstSpan(one).first(20), files(3))); // not complete
        EXPECT_FALSE(reader.feed(ConstSpan(one).subspan(20, 1), files(6)));
        EXPECT_EQ(reader.violation(), "9 descriptors in one message, limit 8");
        EXPECT_FALSE(reader.feed(one, files(1))) << "a broken stream stays broken";
    }
    EXPECT_EQ(open_fds(), before);
}

TEST(FrameReader, RepliesAreFoundAmongCommands)
{
    FrameReader reader;
    for (std::uint16_t i = 0; i < 4; ++i)
        ASSERT_TRUE(reader.feed(
            message(Command::DMA_READ, {}, i, i == 2 ? header_flag::REPLY : header_flag::COMMAND), {}));
    EXPECT_EQ(reader.next_reply()->header.id, 2u);
    EXPECT_FALSE(reader.next_reply());
    EXPECT_EQ(reader.next()->header.id, 0u);
    EXPECT_EQ(reader.next()->header.id, 1u);
    EXPECT_EQ(reader.next()->header.id, 3u);
    EXPECT_FALSE(reader.waiting());
}

TEST(FrameReader, QueueIsBoundedInBytesAndInNumber)
{
    FrameReader small, large;
    const auto tiny = message(Command::DEVICE_RESET, {}),
               big = message(Command::REGION_WRITE, Bytes(max_transfer));
    int n = 0;
    while (small.feed(tiny, {})) ASSERT_LE(++n, 16384);
    EXPECT_EQ(n, 16384);
    n = 0;
    while (large.feed(big, {})) ASSERT_LE(++n, 8);
    EXPECT_EQ(n, 7);
}

} // namespace
} // namespace vfio_test
