// SPDX-License-Identifier: BSD-3-Clause
#include "base/bytes.hpp"
#include "base/checked.hpp"
#include "base/clock.hpp"
#include "base/endian.hpp"
#include "base/result.hpp"
#include <gtest/gtest.h>

namespace {
using namespace qaic;

TEST(Result, EveryCodeHasNameTextAndErrno)
{
    unsigned known = 0;
    for (std::uint16_t i = 1; code_name(static_cast<Code>(i)) != "E_?"; ++i, ++known) {
        const auto code = static_cast<Code>(i);
        EXPECT_TRUE(code_name(code).starts_with("E_"));
        EXPECT_FALSE(code_text(code).empty());
        EXPECT_GT(code_errno(code), 0);
    }
    EXPECT_GE(known, 22u);
    EXPECT_EQ(code_errno(Code::E_TIMEOUT), ETIMEDOUT);
    EXPECT_EQ(code_name(static_cast<Code>(9999)), "E_?");
}

Result<int> half(int v)
{
    if (v % 2 != 0) return fail(Code::E_INVAL, "{} is odd", v);
    return v / 2;
}
Result<int> quarter(int v)
{
    QAIC_TRY(const int h, half(v));
    return half(h);
}

TEST(Result, ErrorsTravelWithTheirPlace)
{
    EXPECT_EQ(*quarter(8), 2);
    const auto r = quarter(6);
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().message(), "E_INVAL: 3 is odd");
    EXPECT_EQ(r.error().neg_errno(), -EINVAL);
    EXPECT_EQ(fail_at("model.qpc", r.error()).value().text, "model.qpc: 3 is odd");
}

TEST(Checked, NeverWraps)
{
    EXPECT_FALSE(checked_add<std::uint64_t>(~0ull, 1));
    EXPECT_EQ(*checked_add<std::uint32_t>(1, 2), 3u);
    EXPECT_FALSE(checked_mul<std::uint64_t>(1ull << 33, 1ull << 33));
    EXPECT_FALSE((checked_cast<std::uint16_t>(65536u)));
    EXPECT_FALSE((checked_cast<std::uint32_t>(-1)));
    EXPECT_EQ(*(checked_cast<std::uint8_t>(255)), 255);
    EXPECT_TRUE(range_inside(10, 0, 10));
    EXPECT_FALSE(range_inside(10, 1, 10));
    EXPECT_FALSE(range_inside(~0ull, 2, 100));
    EXPECT_EQ(*checked_align_up(4097, 4096), 8192u);
    EXPECT_FALSE(checked_align_up(~0ull - 3, 4096));
}

TEST(Endian, StoresLittleEndianAtAnyAlignment)
{
    struct Odd {
        std::uint8_t a;
        le64 b;
        les32 c;
    };
    static_assert(sizeof(Odd) == 13);
    Odd o{1, 0x0102030405060708, -2};
    const auto b = bytes_of(o);
    EXPECT_EQ(b[1], std::byte{8});
    EXPECT_EQ(b[8], std::byte{1});
    EXPECT_EQ(b[9], std::byte{0xfe});
    EXPECT_EQ(o.b, 0x0102030405060708u);
    EXPECT_EQ(o.c, -2);
}

TEST(BytesIo, ReadAtIsBounded)
{
    Bytes b(10);
    append(b, le32(7));
    EXPECT_EQ(*read_at<le32>(b, 10), 7u);
    EXPECT_FALSE(read_at<le32>(b, 11));
    EXPECT_FALSE(read_at<le32>(b, ~std::size_t{0}));
}

TEST(Clocks, ManualMovesOnlyWhenTold)
{
    ManualClock c;
    EXPECT_EQ(c.now(), 0ns);
    c.advance(5ms);
    EXPECT_EQ(c.now(), 5ms);
    const SteadyClock s;
    const auto t = s.now();
    EXPECT_GE(s.now(), t);
}
} // namespace
