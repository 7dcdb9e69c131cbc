// SPDX-License-Identifier: BSD-3-Clause
// Between an application's float32 and a program's own element types. real = scale * (q - zero_point);
// quantizing rounds half away from zero, as DPDK's own conversions do, and saturates; NaN becomes the zero
// point. float16 rounds to nearest even and overflows to infinity. int64 tensors are indices: they are
// copied, on both sides 8 bytes an element.
#pragma once
#include "base/bytes.hpp"
#include "qaic/model_layout.hpp"

namespace qaic {

/// Bytes of a tensor on the application's side.
[[nodiscard]] std::uint64_t plain_bytes(const Tensor& tensor) noexcept;
[[nodiscard]] std::uint64_t plain_bytes(const std::vector<Tensor>& tensors) noexcept;

/// All tensors, back to back on both sides. Each buffer must hold at least its side's bytes: E_INVAL
/// otherwise. When `plain` holds just the device types (shorter than its own form), the bytes are copied:
/// data already quantized.
[[nodiscard]] Result<void> quantize(const std::vector<Tensor>& tensors, ConstSpan plain, MutSpan device);
[[nodiscard]] Result<void> dequantize(const std::vector<Tensor>& tensors, ConstSpan device, MutSpan plain);

[[nodiscard]] std::uint16_t float_to_half(float value) noexcept;
[[nodiscard]] float half_to_float(std::uint16_t half) noexcept;

} // namespace qaic
