// SPDX-License-Identifier: BSD-3-Clause
// Checksums of outputs: every byte counts, and what differs from its reference is found and said.
#include "checksum.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>

namespace {

using namespace qaic;
using namespace qaic::perf;

Bytes sample(std::size_t size)
{
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = std::byte(i * 131 + i / 256);
    return bytes;
}

TEST(Checksum, EachBitCounts)
{
    for (const std::size_t size : {1, 7, 8, 9, 31, 32, 33, 64, 100, 1000}) {
        auto bytes = sample(size);
        const auto good = checksum(bytes);
        for (std::size_t bit = 0; bit < 8 * size; ++bit) {
            bytes[bit / 8] ^= std::byte(1 << bit % 8);
            EXPECT_NE(checksum(bytes), good) << "bit " << bit << " of " << size << " bytes";
            bytes[bit / 8] ^= std::byte(1 << bit % 8);
        }
        EXPECT_EQ(checksum(bytes), good);
    }
}

TEST(Checksum, ZerosOfEachLengthDiffer)
{
    std::set<std::uint32_t> sums;
    for (std::size_t size = 0; size <= 200; ++size) sums.insert(checksum(Bytes(size)));
    EXPECT_EQ(sums.size(), 201U);
}

TEST(Checksum, WordsThatChangePlacesCount)
{
    auto bytes = sample(128);
    const auto good = checksum(bytes);
    for (std::size_t i = 8; i < 128; i += 8) {
        auto other = bytes;
        std::swap_ranges(other.begin(), other.begin() + 8, other.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_NE(checksum(other), good) << "words 0 and " << i / 8;
    }
}

TEST(Checksum, WhatCameBeforeCounts)
{
    const auto bytes = sample(40);
    EXPECT_NE(checksum(bytes, 1), checksum(bytes, 2));
    EXPECT_NE(checksum({}, 1), checksum({}, 2));
}

TEST(Checksum, AlignmentDoesNotCount)
{
    auto bytes = sample(108);
    const auto good = checksum(ConstSpan(bytes).first(100));
    for (std::size_t shift = 1; shift < 8; ++shift) {
        bytes.insert(bytes.begin(), std::byte{9});
        EXPECT_EQ(checksum(ConstSpan(bytes).subspan(shift, 100)), good);
    }
}

TEST(MarkUnwritten, ChangesBothEndsAndEveryPageBetween)
{
    for (const std::size_t size : {0, 1, 7, 8, 9, 16, 4096, 4097, 4104, 150'528}) {
        Bytes bytes(size);
        mark_unwritten(bytes);
        const auto marked = [&](std::size_t at) { return bytes[at] != std::byte{}; };
        if (size == 0) continue;
        EXPECT_TRUE(marked(0)) << size;
        EXPECT_TRUE(marked(size - 1)) << size;
        for (std::size_t page = 0; page < size; page += 4096)
            EXPECT_TRUE(std::any_of(bytes.begin() + static_cast<std::ptrdiff_t>(page),
                                    bytes.begin() + static_cast<std::ptrdiff_t>(std::min(page + 4096, size)),
                                    [](std::byte b) { return b != std::byte{}; }))
                << "page at " << page << " of " << size;
    }
}

TEST(MarkUnwritten, MakesLeftOversDiffer)
{
    auto bytes = sample(1000);
    const auto before = checksum(bytes);
    mark_unwritten(bytes);
    EXPECT_NE(checksum(bytes), before);
    Bytes never(1000, std::byte{0xff}); // filled for the verify phase, and not written since
    const auto reference = checksum(never);
    mark_unwritten(never);
    EXPECT_NE(checksum(never), reference);
}

TEST(ChecksumCounts, CountsAndKeepsTheFirstMismatch)
{
    ReferenceSums references(3);
    references.learn(0, 0);
    references.learn(2, 0xffffffff); // no sum is special
    EXPECT_TRUE(references.knows(2));
    ChecksumCounts a, b;
    a.compare(references, 0, 1, 0, 40);
    a.compare(references, 1, 2, 5, 40); // nothing to compare with
    EXPECT_EQ(a.checked, 1U);
    EXPECT_EQ(a.unknown, 1U);
    EXPECT_EQ(a.mismatches, 0U);
    b.compare(references, 2, 7, 0xabc, 40);
    b.compare(references, 0, 9, 1, 40);
    b.first.lcore = 3, b.first.card = 1;
    a += b;
    a += b;
    EXPECT_EQ(a.checked, 5U);
    EXPECT_EQ(a.bytes, 200U);
    EXPECT_EQ(a.mismatches, 4U);
    EXPECT_EQ(
        describe_mismatch(a, "card1"),
        "4 of 5 outputs are not the bytes that their input gave first; the first: input 2 of model 0 on "
        "card1, operation 7 of lcore 3, has checksum 00000abc instead of ffffffff");
}

} // namespace
