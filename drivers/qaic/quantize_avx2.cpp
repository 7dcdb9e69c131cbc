// SPDX-License-Identifier: BSD-3-Clause
// Conversions by AVX2 and F16C. Function attributes instead of compiler flags: nothing inline of this file
// may end up in code that older processors run.
#include "qaic/quantize_kernels.hpp"
#if defined(__x86_64__)
#include <cstring>
#include <immintrin.h>
#include <limits>
#define QAIC_AVX2 __attribute__((target("avx2,f16c")))

namespace qaic {
namespace {

/// Constants of float32 to integer. low and high are the type's range less the zero point: exact.
struct ToInteger {
    QAIC_AVX2 ToInteger(Scaling s, std::int32_t min, std::int32_t max) noexcept
        : scale(_mm256_set1_ps(s.scale)), low(_mm256_set1_ps(static_cast<float>(min - s.zero_point))),
          high(_mm256_set1_ps(static_cast<float>(max - s.zero_point))), zero(_mm256_set1_epi32(s.zero_point))
    {}
    /// Eight elements. Away from zero at .5: adding the largest float below .5 and cutting off is that,
    /// exactly, for |steps| < 2^22.
    [[nodiscard]] QAIC_AVX2 __m256i eight(const std::byte* from) const noexcept
    {
        auto steps = _mm256_div_ps(_mm256_loadu_ps(reinterpret_cast<const float*>(from)), scale);
        steps = _mm256_and_ps(steps, _mm256_cmp_ps(steps, steps, _CMP_ORD_Q)); // NaN is 0
        steps = _mm256_min_ps(_mm256_max_ps(steps, low), high);
        const auto half =
            _mm256_or_ps(_mm256_and_ps(steps, _mm256_set1_ps(-0.0f)), _mm256_set1_ps(0x1.fffffep-2f));
        return _mm256_add_epi32(_mm256_cvttps_epi32(_mm256_add_ps(steps, half)), zero);
    }
    __m256 scale, low, high;
    __m256i zero;
};

/// Packing works in 128-bit halves; this puts the groups of four bytes back in order.
QAIC_AVX2 inline __m256i in_order(__m256i packed) noexcept
{
    return _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}
QAIC_AVX2 inline void put(std::byte* to, __m256i v) noexcept
{
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), v);
}

struct ToInt8 : ToInteger {
    static constexpr unsigned step = 32, from_bytes = 4, to_bytes = 1;
    QAIC_AVX2 explicit ToInt8(Scaling s) noexcept : ToInteger(s, -128, 127) {}
    QAIC_AVX2 void operator()(const std::byte* from, std::byte* to) const noexcept
    {
        const auto a = _mm256_packs_epi32(eight(from), eight(from + 32));
        const auto b = _mm256_packs_epi32(eight(from + 64), eight(from + 96));
        put(to, in_order(_mm256_packs_epi16(a, b)));
    }
};
struct ToUint8 : ToInteger {
    static constexpr unsigned step = 32, from_bytes = 4, to_bytes = 1;
    QAIC_AVX2 explicit ToUint8(Scaling s) noexcept : ToInteger(s, 0, 255) {}
    QAIC_AVX2 void operator()(const std::byte* from, std::byte* to) const noexcept
    {
        const auto a = _mm256_packs_epi32(eight(from), eight(from + 32));
        const auto b = _mm256_packs_epi32(eight(from + 64), eight(from + 96));
        put(to, in_order(_mm256_packus_epi16(a, b)));
    }
};
struct ToInt16 : ToInteger {
    static constexpr unsigned step = 16, from_bytes = 4, to_bytes = 2;
    QAIC_AVX2 explicit ToInt16(Scaling s) noexcept : ToInteger(s, -32768, 32767) {}
    QAIC_AVX2 void operator()(const std::byte* from, std::byte* to) const noexcept
    {
        const auto packed = _mm256_packs_epi32(eight(from), eight(from + 32));
        put(to, _mm256_permute4x64_epi64(packed, 0xd8));
    }
};
struct ToHalf {
    static constexpr unsigned step = 16, from_bytes = 4, to_bytes = 2;
    QAIC_AVX2 explicit ToHalf(Scaling) noexcept {}
    QAIC_AVX2 void operator()(const std::byte* from, std::byte* to) const noexcept
    {
        for (std::size_t i = 0; i < 2; ++i)
            _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i * 16),
                             _mm256_cvtps_ph(_mm256_loadu_ps(reinterpret_cast<const float*>(from + i * 32)),
                                             _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
    }
};

enum class Wide : std::uint8_t { INT8, UINT8, INT16 };
template<Wide kind>
struct FromInteger {
    static constexpr unsigned step = 8, from_bytes = kind == Wide::INT16 ? 2 : 1, to_bytes = 4;
    QAIC_AVX2 explicit FromInteger(Scaling s) noexcept
        : scale(_mm256_set1_ps(s.scale)), zero(_mm256_set1_epi32(s.zero_point))
    {}
    [[nodiscard]] QAIC_AVX2 static __m256i widen(const std::byte* from) noexcept
    {
        const auto* p = reinterpret_cast<const __m128i*>(from);
        if constexpr (kind == Wide::INT8) return _mm256_cvtepi8_epi32(_mm_loadl_epi64(p));
        if constexpr (kind == Wide::UINT8) return _mm256_cvtepu8_epi32(_mm_loadl_epi64(p));
        if constexpr (kind == Wide::INT16) return _mm256_cvtepi16_epi32(_mm_loadu_si128(p));
    }
    QAIC_AVX2 void operator()(const std::byte* from, std::byte* to) const noexcept
    {
        const auto steps = _mm256_cvtepi32_ps(_mm256_sub_epi32(widen(from), zero));
        _mm256_storeu_ps(reinterpret_cast<float*>(to), _mm256_mul_ps(steps, scale));
    }
    __m256 scale;
    __m256i zero;
};
struct FromHalf {
    static constexpr unsigned step = 8, from_bytes = 2, to_bytes = 4;
    QAIC_AVX2 explicit FromHalf(Scaling) noexcept {}
    QAIC_AVX2 void operator()(const std::byte* from, std::byte* to) const noexcept
    {
        const auto halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
        _mm256_storeu_ps(reinterpret_cast<float*>(to), _mm256_cvtph_ps(halves));
    }
};

/// Whole steps in place, the rest through a padded copy.
template<class Step>
QAIC_AVX2 void run(const std::byte* from, std::byte* to, std::uint64_t n, Scaling s) noexcept
{
    const Step convert(s);
    for (; n >= Step::step; n -= Step::step) {
        convert(from, to);
        from += Step::step * Step::from_bytes, to += Step::step * Step::to_bytes;
    }
    if (n != 0) {
        std::byte in[Step::step * Step::from_bytes] = {}, out[Step::step * Step::to_bytes];
        std::memcpy(in, from, n * Step::from_bytes);
        convert(in, out);
        std::memcpy(to, out, n * Step::to_bytes);
    }
    _mm256_zeroupper(); // g++ does so by itself from -O2 on; without, SSE code after us runs at a fifth
}

} // namespace

constinit const KernelTable avx2_kernels = vector_table(
    {run<ToHalf>, run<FromHalf>}, {run<ToInt8>, run<FromInteger<Wide::INT8>>},
    {run<ToUint8>, run<FromInteger<Wide::UINT8>>}, {run<ToInt16>, run<FromInteger<Wide::INT16>>});

} // namespace qaic
#endif
