// SPDX-License-Identifier: BSD-3-Clause
// The element types of rte_mldev: name, size and value. One table.
#pragma once
#include <cstddef>
#include <cstdint>
#include <rte_mldev.h>
#include <string_view>

namespace qaic::perf {

/// An rte_ml_io_type as it was found: an enum from the far side of a C interface may hold any value.
using ElementType = std::uint32_t;
static_assert(sizeof(ElementType) == sizeof(rte_ml_io_type));

/// `count` elements of one type lying side by side.
struct ElementRun {
    ElementType type = RTE_ML_IO_TYPE_UNKNOWN;
    std::uint64_t count = 0;
};

/// "FP32"; "?" for a value outside the list.
std::string_view type_name(ElementType type) noexcept;
/// Bytes of one element; 0 for a value outside the list.
std::size_t type_size(ElementType type) noexcept;
/// True when rte_ml_io_quantize/dequantize convert it from and to float32. 64-bit integers travel as they
/// are.
bool converts_to_float(ElementType type) noexcept;
/// Value of the element at `at` (any alignment, type_size() bytes readable). FP8 has two encodings which
/// mldev does not tell apart: its bit pattern is the value, so equal means equal bits.
double element_value(ElementType type, const std::byte* at) noexcept;

} // namespace qaic::perf
