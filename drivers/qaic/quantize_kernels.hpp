// SPDX-License-Identifier: BSD-3-Clause
// One conversion routine per element type and direction, in as many forms as there are instruction sets worth
// it. Every form gives the bits that quantize_scalar.cpp gives, for every input. Pure functions of their
// arguments: any thread. They follow the thread's MXCSR as all float code does: whoever sets
// "denormals are zero" gets that.
#pragma once
#include "qpc/network_desc.hpp"
#include <array>

namespace qaic {

/// Instruction sets with a file of their own, best last.
enum class Isa : std::uint8_t { SCALAR, AVX2, AVX512 };
inline constexpr unsigned isa_count = 3;
/// "scalar", "avx2", "avx512"
[[nodiscard]] std::string_view to_string(Isa isa) noexcept;

/// real = scale * (q - zero_point)
struct Scaling {
    float scale = 1;
    std::int32_t zero_point = 0;
};

/// Converts n elements; no alignment is asked for. `from` and `to` do not overlap.
using Convert = void (*)(const std::byte* from, std::byte* to, std::uint64_t n, Scaling scaling) noexcept;

struct Kernel {
    Convert quantize = nullptr, dequantize = nullptr; ///< float32 to the type, and back
};
/// By qpc::DataType. nullptr: no form of its own, the scalar one is as good as any.
using KernelTable = std::array<Kernel, qpc::data_types>;
/// Which types have a vector form, whatever the instruction set.
[[nodiscard]] constexpr KernelTable vector_table(Kernel half, Kernel int8, Kernel uint8, Kernel int16)
{
    KernelTable t{};
    const auto set = [&t](qpc::DataType type, Kernel k) { t[static_cast<std::size_t>(type)] = k; };
    set(qpc::DataType::FLOAT16, half);
    set(qpc::DataType::INT8_Q, int8);
    set(qpc::DataType::INT8, int8);
    set(qpc::DataType::UINT8_Q, uint8);
    set(qpc::DataType::INT16_Q, int16);
    return t;
}

/// Complete.
extern const KernelTable scalar_kernels;
#if defined(__x86_64__)
extern const KernelTable avx2_kernels;   ///< needs AVX2 and F16C; |zero_point| <= vector_zero_point
extern const KernelTable avx512_kernels; ///< needs AVX512F and AVX512BW; the same limit
#endif
/// Vector forms add zero points in float32, exactly, up to here; zero points of the card's types are small.
inline constexpr std::int32_t vector_zero_point = 1 << 20;

/// The routines for one type, complete: the set's own where it has one and takes that zero point.
[[nodiscard]] Kernel kernel_for(Isa isa, qpc::DataType type, std::int32_t zero_point) noexcept;

} // namespace qaic
