// SPDX-License-Identifier: BSD-3-Clause
// Comparison of outputs: what passes, what must not.
#include "verify.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace {

using namespace qaic;
using namespace qaic::perf;

const double not_a_number = std::nan("");
constexpr float infinite = std::numeric_limits<float>::infinity();

ConstSpan bytes(const std::vector<float>& v) { return std::as_bytes(std::span(v)); }
std::vector<ElementRun> floats(std::uint64_t n) { return {{RTE_ML_IO_TYPE_FP32, n}}; }

TensorCheck compare(const std::vector<float>& got, const std::vector<float>& want, double tolerance)
{
    return compare_tensor(floats(want.size()), bytes(got), bytes(want), tolerance);
}

TEST(Compare, EqualTensorsDifferByNothing)
{
    const auto c = compare({1, -2, infinite}, {1, -2, infinite}, 0);
    EXPECT_EQ(c.outside, 0U);
    EXPECT_EQ(c.max_diff, 0);
}

TEST(Compare, FindsTheWorstElement)
{
    const auto c = compare({1, 2.5F, 3}, {1.25F, 2, 3}, 0.3);
    EXPECT_EQ(c.outside, 1U);
    EXPECT_EQ(c.worst_element, 1U);
    EXPECT_DOUBLE_EQ(c.max_diff, 0.5);
}

TEST(Compare, ToleranceIsInclusive)
{
    EXPECT_EQ(compare({1.5F}, {1}, 0.5).outside, 0U);
    EXPECT_EQ(compare({1.5F}, {1}, 0.49).outside, 1U);
}

TEST(Compare, NanWhereItIsExpectedIsEqual)
{
    const auto nan = static_cast<float>(not_a_number);
    const auto same = compare({1, nan}, {1, nan}, 0), near = compare({1, -nan}, {1.5F, nan}, 0.5);
    EXPECT_EQ(same.outside + same.nans, 0U);
    EXPECT_EQ(near.outside + near.nans, 0U);
    EXPECT_EQ(near.max_diff, 0.5);
}

TEST(Compare, NanFailsWhateverTheToleranceAndTheSide)
{
    const auto nan = static_cast<float>(not_a_number);
    for (const auto& [got, want] : {std::pair{nan, 1.F}, std::pair{1.F, nan}}) {
        const auto c = compare({0, got}, {0, want}, 1e30);
        EXPECT_EQ(c.outside, 1U);
        EXPECT_EQ(c.nans, 1U);
        EXPECT_EQ(c.worst_element, 1U);
    }
}

TEST(Compare, OppositeInfinitiesFail)
{
    const auto c = compare({infinite}, {-infinite}, 1e30);
    EXPECT_EQ(c.outside, 1U);
}

TEST(Compare, RunsOfDifferentTypesLieSideBySide)
{
    const std::vector<ElementRun> runs = {{RTE_ML_IO_TYPE_INT8, 3}, {RTE_ML_IO_TYPE_UINT16, 2}};
    Bytes got, want;
    for (const std::int8_t v : {-1, 2, 3}) append(got, v), append(want, v);
    for (const std::uint16_t v : {600, 7})
        append(got, v), append(want, static_cast<std::uint16_t>(v + (v == 600 ? 5 : 0)));
    const auto c = compare_tensor(runs, got, want, 4);
    EXPECT_EQ(c.outside, 1U);
    EXPECT_EQ(c.worst_element, 3U);
    EXPECT_EQ(c.max_diff, 5);
}

struct SpecialCase {
    ElementType type;
    std::vector<std::uint32_t> nans, infinities, others;
};

TEST(SpecialValues, AreCountedInEachFloatType)
{
    const SpecialCase cases[] = {
        {RTE_ML_IO_TYPE_FP32,
         {0x7f800001, 0x7fc00000, 0xffffffff},
         {0x7f800000, 0xff800000},
         {0, 0x80000000, 0x7f7fffff, 0x00000001}},
        {RTE_ML_IO_TYPE_FP16, {0x7c01, 0x7e00, 0xffff}, {0x7c00, 0xfc00}, {0, 0x8000, 0x7bff, 0x7800, 1}},
        {RTE_ML_IO_TYPE_BFLOAT16, {0x7f81, 0x7fc0, 0xffff}, {0x7f80, 0xff80}, {0, 0x8000, 0x7f7f, 0x7c00}},
        {RTE_ML_IO_TYPE_INT8, {}, {}, {0x7f, 0xff}},
        {RTE_ML_IO_TYPE_UINT32, {}, {}, {0x7f800000, 0xffffffff}},
    };
    for (const auto& c : cases) {
        Bytes tensor;
        for (const auto* list : {&c.nans, &c.others, &c.infinities})
            for (const auto bits : *list)
                tensor.insert(tensor.end(), reinterpret_cast<const std::byte*>(&bits),
                              reinterpret_cast<const std::byte*>(&bits) + type_size(c.type));
        const auto elements = c.nans.size() + c.infinities.size() + c.others.size();
        const auto s = special_values({{c.type, elements}}, tensor);
        EXPECT_EQ(s.nans, c.nans.size()) << type_name(c.type);
        EXPECT_EQ(s.infinities, c.infinities.size()) << type_name(c.type);
    }
}

TEST(SpecialValues, OfRunsSideBySide)
{
    Bytes tensor(3, std::byte{0xff}); // integers
    append(tensor, std::uint16_t{0x7c00});
    append(tensor, infinite);
    append(tensor, static_cast<float>(not_a_number));
    const auto s = special_values(
        {{RTE_ML_IO_TYPE_UINT8, 3}, {RTE_ML_IO_TYPE_FP16, 1}, {RTE_ML_IO_TYPE_FP32, 2}}, tensor);
    EXPECT_EQ(s.infinities, 2U);
    EXPECT_EQ(s.nans, 1U);
}

TEST(LargestElement, FirstOfEqualsAndNeverNan)
{
    const std::vector<float> v = {static_cast<float>(not_a_number), 3, 7, 7};
    EXPECT_EQ(largest_element(floats(4).front(), bytes(v)), 2U);
}

struct Case {
    std::vector<float> expect = {0, 1, 0, 5, 2, 3}; // two tensors of three
    Bytes labels = {std::byte{1}, std::byte{2}};
};

TEST(Verifier, CountsWrongOutputsLabelsAndClasses)
{
    const Case c;
    Verifier v(floats(3), bytes(c.expect), c.labels, 0.1);
    v.check(0, bytes({0, 1, 0.05F})); // right, class 1 as labelled
    v.check(1, bytes({2, 2, 6}));     // wrong by 3; class 2 as labelled but not as expected
    const auto& r = v.result();
    EXPECT_EQ(r.checked, 2U);
    EXPECT_EQ(r.wrong, 1U);
    EXPECT_EQ(r.elements_outside, 2U);
    EXPECT_EQ(r.first_wrong_tensor, 1U);
    EXPECT_EQ(r.labelled, 2U);
    EXPECT_EQ(r.correct, 2U);
    EXPECT_EQ(r.same_class, 1U);
    EXPECT_DOUBLE_EQ(r.max_diff, 3);
    EXPECT_FALSE(r.passed());
    EXPECT_NE(describe_first_wrong(r, 0.1).find("output 1 element 0 differs by 3"), std::string::npos);
}

TEST(Verifier, AnotherClassWithinTheToleranceDoesNotPass)
{
    const std::vector<float> expect = {1, 1.0005F};
    const Bytes labels = {std::byte{1}};
    Verifier v(floats(2), bytes(expect), labels, 1e-3);
    v.check(0, bytes({1.0008F, 1.0005F}));
    EXPECT_EQ(v.result().wrong, 0U);
    EXPECT_FALSE(v.result().passed());
}

TEST(Verifier, UntouchedOutputFails)
{
    const Case c;
    Verifier v(floats(3), bytes(c.expect), {}, 0.1);
    const Bytes poison(12, std::byte{0xff}); // what RunObserver fills the buffer with
    v.check(0, poison);
    EXPECT_EQ(v.result().nans, 3U);
    EXPECT_FALSE(v.result().passed());
    EXPECT_NE(describe_first_wrong(v.result(), 0.1).find("is not a number"), std::string::npos);
}

TEST(Verifier, LabelsAlone)
{
    const Case c;
    Verifier v(floats(3), {}, c.labels, 0.1);
    v.check(0, bytes({0, 9, 0}));
    v.check(1, bytes({9, 0, 0}));
    EXPECT_EQ(v.result().correct, 1U);
    EXPECT_EQ(v.result().checked, 0U);
}

TEST(Verifier, CountsSpecialValuesWithNothingToCompareWith)
{
    Verifier v(floats(3), {}, {}, 0);
    v.check(0, bytes({static_cast<float>(not_a_number), infinite, -infinite}));
    v.check(5, bytes({0, 1, infinite}));
    auto sum = v.result();
    sum += v.result();
    EXPECT_EQ(sum.special.nans, 2U);
    EXPECT_EQ(sum.special.infinities, 6U);
    EXPECT_EQ(sum.checked, 0U);
    EXPECT_TRUE(sum.passed());
}

TEST(Verifier, KeepsOutputsInTheirTensorsPlace)
{
    const Case c;
    Verifier v(floats(3), {}, c.labels, 0.1);
    std::vector<float> kept(6, -1);
    v.keep_in(std::as_writable_bytes(std::span(kept)));
    v.check(1, bytes({4, 5, 6})); // outputs come in any order
    EXPECT_EQ(kept, (std::vector<float>{-1, -1, -1, 4, 5, 6}));
    v.check(0, bytes({1, 2, 3}));
    EXPECT_EQ(kept, (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

} // namespace
