// SPDX-License-Identifier: BSD-3-Clause
// Between an application's float32 and a program's own element types. real = scale * (q - zero_point);
// quantizing divides in float32, rounds half away from zero, as DPDK's own conversions do, and saturates; NaN
// becomes the zero point. float16 rounds to nearest even and overflows to infinity; a NaN stays one, quiet.
// int64 tensors are indices: they are copied, on both sides 8 bytes an element.
#pragma once
#include "base/bytes.hpp"
#include "base/half.hpp"
#include "qaic/model_layout.hpp"
#include "qaic/quantize_kernels.hpp"

namespace qaic {

/// Bytes of a tensor on the application's side.
[[nodiscard]] std::uint64_t plain_bytes(const Tensor& tensor) noexcept;
[[nodiscard]] std::uint64_t plain_bytes(const std::vector<Tensor>& tensors) noexcept;

/// All tensors of one operation, all its batches, back to back on both sides. Each buffer must hold at least
/// its side's bytes: E_INVAL otherwise; what lies behind them is not touched. When `plain` holds just the
/// device types (shorter than its own form), the bytes are copied: data already quantized. The processor must
/// know `isa` (best_isa()); the result does not depend on it.
[[nodiscard]] Result<void> quantize(const std::vector<Tensor>& tensors, ConstSpan plain, MutSpan device,
                                    Isa isa = Isa::SCALAR);
[[nodiscard]] Result<void> dequantize(const std::vector<Tensor>& tensors, ConstSpan device, MutSpan plain,
                                      Isa isa = Isa::SCALAR);

// quantize_isa.cpp, part of the plugin: asks EAL
/// True when the processor has what the set's routines need.
[[nodiscard]] bool cpu_has(Isa isa) noexcept;
/// The best set within `simd_bits` (0, 128, 256, 512 ...) that the processor has.
[[nodiscard]] Isa isa_within(unsigned simd_bits) noexcept;
/// The same within --force-max-simd-bitwidth; EAL's default is 256 bits. Found out once.
[[nodiscard]] Isa best_isa() noexcept;

} // namespace qaic
