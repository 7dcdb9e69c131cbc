// SPDX-License-Identifier: BSD-3-Clause
// Are the outputs right? Compares output tensors with expected ones and with labels, and keeps the worst.
#pragma once
#include "base/bytes.hpp"
#include "element_types.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace qaic::perf {

/// One output against its expectation.
struct TensorCheck {
    double max_diff = 0;             ///< largest |got - want|; NaN elements are not in it
    std::uint64_t worst_element = 0; ///< where max_diff was, or the first NaN if there is one
    std::uint64_t outside = 0;       ///< elements further off than the tolerance, or NaN
    std::uint64_t nans = 0;          ///< elements that are NaN on one side alone
};

/// Floating-point elements of an output that are no numbers, or infinite.
struct SpecialValues {
    std::uint64_t nans = 0, infinities = 0;
    SpecialValues& operator+=(const SpecialValues& o) noexcept
    {
        nans += o.nans, infinities += o.infinities;
        return *this;
    }
};

/// Sum over all outputs checked.
struct Verification {
    std::uint64_t checked = 0, wrong = 0; ///< outputs compared with --expect; those with an element outside
    std::uint64_t elements_outside = 0, nans = 0;
    SpecialValues special; ///< of the outputs that were looked at, wherever they belong
    double max_diff = 0;
    std::uint64_t first_wrong_tensor = 0; ///< of those wrong
    TensorCheck first_wrong;
    std::uint64_t labelled = 0, correct = 0;   ///< outputs compared with a label; right ones
    std::uint64_t classed = 0, same_class = 0; ///< largest element in the same place as in --expect
    [[nodiscard]] bool passed() const noexcept { return wrong == 0 && same_class == classed; }
    /// Another lane's of the same run; the first wrong one stays.
    Verification& operator+=(const Verification& o) noexcept;
};

/// Both spans must hold exactly the runs. Equal values (also infinities) and NaN for NaN differ by 0. Bytes
/// of 0xff are NaN in every float type, so an expectation of nothing but NaN cannot tell an unwritten output.
TensorCheck compare_tensor(const std::vector<ElementRun>& runs, ConstSpan got, ConstSpan want,
                           double tolerance);
/// FP32, FP16 and BFLOAT16; FP8 has two encodings that mldev does not tell apart.
SpecialValues special_values(const std::vector<ElementRun>& runs, ConstSpan tensor) noexcept;
/// Index of the largest element of the first run; the first of equals, NaNs never win.
std::uint64_t largest_element(const ElementRun& run, ConstSpan tensor);

/// Holds views of the expected tensors and labels: both must outlive it. Either may be empty.
class Verifier {
  public:
    /// `expect` holds whole tensors of the runs back to back; `labels` one byte a tensor.
    Verifier(std::vector<ElementRun> runs, ConstSpan expect, ConstSpan labels, double tolerance);
    /// check() keeps every output in `to`, tensor by tensor; `to` holds as many tensors as will be checked.
    void keep_in(std::span<std::byte> to) noexcept { kept_ = to; }
    /// Checks the output of input tensor `index` (below the number of tensors given); without expectation and
    /// labels it only counts special values.
    void check(std::size_t index, ConstSpan got);
    [[nodiscard]] const Verification& result() const noexcept { return result_; }

  private:
    std::vector<ElementRun> runs_;
    ConstSpan expect_, labels_;
    std::span<std::byte> kept_;
    double tolerance_;
    std::size_t tensor_bytes_ = 0;
    Verification result_;
};

/// "output 3 element 7: ..." for the first wrong output.
std::string describe_first_wrong(const Verification& v, double tolerance);

} // namespace qaic::perf
