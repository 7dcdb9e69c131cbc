// SPDX-License-Identifier: BSD-3-Clause
#include "verify.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <limits>
#include <utility>

namespace qaic::perf {

TensorCheck compare_tensor(const std::vector<ElementRun>& runs, ConstSpan got, ConstSpan want,
                           double tolerance)
{
    TensorCheck check;
    // By far the most. Not std::equal: of std::byte it goes one by one.
    if (got.size() == want.size() && std::memcmp(got.data(), want.data(), got.size()) == 0) return check;
    std::size_t at = 0;
    std::uint64_t element = 0;
    for (const auto& run : runs) {
        const auto size = type_size(run.type);
        for (std::uint64_t i = 0; i < run.count; ++i, ++element, at += size) {
            const double a = element_value(run.type, got.data() + at);
            const double b = element_value(run.type, want.data() + at);
            const double diff = a == b || (std::isnan(a) && std::isnan(b)) ? 0 : std::abs(a - b);
            if (!(diff <= tolerance)) ++check.outside; // written so that NaN counts
            if (std::isnan(diff)) {
                if (check.nans++ == 0) check.worst_element = element;
            } else if (diff > check.max_diff) {
                check.max_diff = diff;
                if (check.nans == 0) check.worst_element = element;
            }
        }
    }
    return check;
}

namespace {

/// Of elements whose exponent is `infinite`, with all other bits 0 but the sign: infinities; else NaN.
template<class Word, Word infinite>
SpecialValues special_of(const std::byte* at, std::uint64_t count) noexcept
{
    constexpr Word magnitude = std::numeric_limits<Word>::max() >> 1;
    SpecialValues s;
    for (std::uint64_t i = 0; i < count; ++i, at += sizeof(Word)) {
        Word v;
        std::memcpy(&v, at, sizeof v);
        v &= magnitude;
        s.nans += v > infinite ? 1 : 0;
        s.infinities += v == infinite ? 1 : 0;
    }
    return s;
}

} // namespace

SpecialValues special_values(const std::vector<ElementRun>& runs, ConstSpan tensor) noexcept
{
    SpecialValues sum;
    const auto* at = tensor.data();
    for (const auto& run : runs) {
        if (run.type == RTE_ML_IO_TYPE_FP32)
            sum += special_of<std::uint32_t, 0x7f800000>(at, run.count);
        else if (run.type == RTE_ML_IO_TYPE_FP16)
            sum += special_of<std::uint16_t, 0x7c00>(at, run.count);
        else if (run.type == RTE_ML_IO_TYPE_BFLOAT16)
            sum += special_of<std::uint16_t, 0x7f80>(at, run.count);
        at += run.count * type_size(run.type);
    }
    return sum;
}

std::uint64_t largest_element(const ElementRun& run, ConstSpan tensor)
{
    std::uint64_t best = 0;
    double best_value = -HUGE_VAL;
    for (std::uint64_t i = 0; i < run.count; ++i) {
        const double v = element_value(run.type, tensor.data() + i * type_size(run.type));
        if (v > best_value) {
            best = i;
            best_value = v;
        }
    }
    return best;
}

Verifier::Verifier(std::vector<ElementRun> runs, ConstSpan expect, ConstSpan labels, double tolerance)
    : runs_(std::move(runs)), expect_(expect), labels_(labels), tolerance_(tolerance)
{
    for (const auto& run : runs_) tensor_bytes_ += run.count * type_size(run.type);
}

void Verifier::check(std::size_t index, ConstSpan got)
{
    if (!kept_.empty())
        std::copy_n(got.begin(), tensor_bytes_, kept_.subspan(index * tensor_bytes_, tensor_bytes_).begin());
    result_.special += special_values(runs_, got);
    const auto got_class = labels_.empty() ? 0 : largest_element(runs_.front(), got);
    if (!labels_.empty()) {
        ++result_.labelled;
        result_.correct += got_class == std::to_integer<std::uint64_t>(labels_[index]) ? 1 : 0;
    }
    if (expect_.empty()) return;
    const auto want = expect_.subspan(index * tensor_bytes_, tensor_bytes_);
    if (!labels_.empty()) {
        ++result_.classed;
        result_.same_class += got_class == largest_element(runs_.front(), want) ? 1 : 0;
    }
    const auto check = compare_tensor(runs_, got, want, tolerance_);
    ++result_.checked;
    result_.elements_outside += check.outside;
    result_.nans += check.nans;
    result_.max_diff = std::max(result_.max_diff, check.max_diff);
    if (check.outside != 0 && result_.wrong++ == 0) {
        result_.first_wrong_tensor = index;
        result_.first_wrong = check;
    }
}

Verification& Verification::operator+=(const Verification& o) noexcept
{
    if (wrong == 0 && o.wrong != 0) {
        first_wrong_tensor = o.first_wrong_tensor;
        first_wrong = o.first_wrong;
    }
    checked += o.checked, wrong += o.wrong, elements_outside += o.elements_outside, nans += o.nans;
    special += o.special;
    max_diff = std::max(max_diff, o.max_diff);
    labelled += o.labelled, correct += o.correct, classed += o.classed, same_class += o.same_class;
    return *this;
}

std::string describe_first_wrong(const Verification& v, double tolerance)
{
    const auto& c = v.first_wrong;
    const auto what =
        c.nans != 0 ? std::string("is not a number") : fmt::format("differs by {:.3g}", c.max_diff);
    return fmt::format("output {} element {} {}, limit {:g}; {} of {} outputs are wrong",
                       v.first_wrong_tensor, c.worst_element, what, tolerance, v.wrong, v.checked);
}

} // namespace qaic::perf
