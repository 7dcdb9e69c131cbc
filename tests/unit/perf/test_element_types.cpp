// SPDX-License-Identifier: BSD-3-Clause
#include "element_types.hpp"

#include "base/bytes.hpp"

#include <cmath>
#include <gtest/gtest.h>

namespace {

using namespace qaic;
using namespace qaic::perf;

template<class T>
double value(ElementType type, T bits)
{
    EXPECT_EQ(type_size(type), sizeof(T));
    return element_value(type, bytes_of(bits).data());
}

TEST(ElementTypes, IntegersKeepTheirSign)
{
    EXPECT_EQ(value<std::int8_t>(RTE_ML_IO_TYPE_INT8, -128), -128);
    EXPECT_EQ(value<std::uint8_t>(RTE_ML_IO_TYPE_UINT8, 255), 255);
    EXPECT_EQ(value<std::int16_t>(RTE_ML_IO_TYPE_INT16, -2), -2);
    EXPECT_EQ(value<std::uint16_t>(RTE_ML_IO_TYPE_UINT16, 65535), 65535);
    EXPECT_EQ(value<std::int32_t>(RTE_ML_IO_TYPE_INT32, INT32_MIN), INT32_MIN);
    EXPECT_EQ(value<std::uint32_t>(RTE_ML_IO_TYPE_UINT32, UINT32_MAX), UINT32_MAX);
    EXPECT_EQ(value<std::int64_t>(RTE_ML_IO_TYPE_INT64, -5), -5);
    EXPECT_EQ(value<std::uint64_t>(RTE_ML_IO_TYPE_UINT64, 5), 5);
}

TEST(ElementTypes, HalfPrecision)
{
    const auto half = [](std::uint16_t bits) { return value(RTE_ML_IO_TYPE_FP16, bits); };
    EXPECT_EQ(half(0x3c00), 1.0);
    EXPECT_EQ(half(0xc000), -2.0);
    EXPECT_EQ(half(0x7bff), 65504.0);
    EXPECT_EQ(half(0x0001), std::ldexp(1, -24)); // smallest subnormal
    EXPECT_EQ(half(0x0400), std::ldexp(1, -14)); // smallest normal
    EXPECT_EQ(half(0x7c00), HUGE_VAL);
    EXPECT_EQ(half(0xfc00), -HUGE_VAL);
    EXPECT_TRUE(std::isnan(half(0x7e00)));
    EXPECT_TRUE(std::isnan(half(0xffff)));
}

TEST(ElementTypes, BrainFloat)
{
    EXPECT_EQ(value<std::uint16_t>(RTE_ML_IO_TYPE_BFLOAT16, 0x3f80), 1.0);
    EXPECT_EQ(value<std::uint16_t>(RTE_ML_IO_TYPE_BFLOAT16, 0xc040), -3.0);
    EXPECT_TRUE(std::isnan(value<std::uint16_t>(RTE_ML_IO_TYPE_BFLOAT16, 0xffff)));
}

TEST(ElementTypes, UnknownTypesAreNamedAndEmpty)
{
    const auto unknown = ElementType{99};
    EXPECT_EQ(type_size(unknown), 0U);
    EXPECT_EQ(type_name(unknown), "?");
    EXPECT_FALSE(converts_to_float(unknown));
    EXPECT_FALSE(converts_to_float(RTE_ML_IO_TYPE_INT64));
    EXPECT_TRUE(converts_to_float(RTE_ML_IO_TYPE_INT8));
    EXPECT_EQ(type_name(RTE_ML_IO_TYPE_FP32), "FP32");
}

} // namespace
