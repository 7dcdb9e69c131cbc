// SPDX-License-Identifier: BSD-3-Clause
// Conversions by AVX-512 (F and BW); the same in shape as quantize_avx2.cpp. -mfma comes with AVX512F: no
// product here is followed by a sum that a compiler could fuse with it.
#include "qaic/quantize_kernels.hpp"
#if defined(__x86_64__)
#include <cstring>
#include <immintrin.h>
#define QAIC_AVX512 __attribute__((target("avx512f,avx512bw")))

namespace qaic {
namespace {

/// See quantize_avx2.cpp.
struct ToInteger {
    QAIC_AVX512 ToInteger(Scaling s, std::int32_t min, std::int32_t max) noexcept
        : scale(_mm512_set1_ps(s.scale)), low(_mm512_set1_ps(static_cast<float>(min - s.zero_point))),
          high(_mm512_set1_ps(static_cast<float>(max - s.zero_point))), zero(_mm512_set1_epi32(s.zero_point))
    {}
    [[nodiscard]] QAIC_AVX512 __m512i sixteen(const std::byte* from) const noexcept
    {
        auto steps = _mm512_div_ps(_mm512_loadu_ps(from), scale);
        steps = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(steps, steps, _CMP_ORD_Q), steps); // NaN is 0
        steps = _mm512_min_ps(_mm512_max_ps(steps, low), high);
        const auto sign = _mm512_and_si512(_mm512_castps_si512(steps), _mm512_set1_epi32(INT32_MIN));
        const auto half = _mm512_or_si512(sign, _mm512_castps_si512(_mm512_set1_ps(0x1.fffffep-2f)));
        return _mm512_add_epi32(_mm512_cvttps_epi32(_mm512_add_ps(steps, _mm512_castsi512_ps(half))), zero);
    }
    __m512 scale, low, high;
    __m512i zero;
};

/// Packing works in 128-bit quarters; this puts the groups of four bytes back in order.
QAIC_AVX512 inline __m512i in_order(__m512i packed) noexcept
{
    return _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15),
                                    packed);
}

struct ToInt8 : ToInteger {
    static constexpr unsigned step = 64, from_bytes = 4, to_bytes = 1;
    QAIC_AVX512 explicit ToInt8(Scaling s) noexcept : ToInteger(s, -128, 127) {}
    QAIC_AVX512 void operator()(const std::byte* from, std::byte* to) const noexcept
    {
        const auto a = _mm512_packs_epi32(sixteen(from), sixteen(from + 64));
        const auto b = _mm512_packs_epi32(sixteen(from + 128), sixteen(from + 192));
        _mm512_storeu_si512(to, in_order(_mm512_packs_epi16(a, b)));
    }
};
struct ToUint8 : ToInteger {
    static constexpr unsigned step = 64, from_bytes = 4, to_bytes = 1;
    QAIC_AVX512 explicit ToUint8(Scaling s) noexcept : ToInteger(s, 0, 255) {}
    QAIC_AVX512 void operator()(const std::byte* from, std::byte* to) const noexcept
    {
        const auto a = _mm512_packs_epi32(sixteen(from), sixteen(from + 64));
        const auto b = _mm512_packs_epi32(sixteen(from + 128), sixteen(from + 192));
        _mm512_storeu_si512(to, in_order(_mm512_packus_epi16(a, b)));
    }
};
struct ToInt16 : ToInteger {
    static constexpr unsigned step = 32, from_bytes = 4, to_bytes = 2;
    QAIC_AVX512 explicit ToInt16(Scaling s) noexcept : ToInteger(s, -32768, 32767) {}
    QAIC_AVX512 void operator()(const std::byte* from, std::byte* to) const noexcept
    {
        const auto packed = _mm512_packs_epi32(sixteen(from), sixteen(from + 64));
        const auto order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
        _mm512_storeu_si512(to, _mm512_permutexvar_epi64(order, packed));
    }
};
struct ToHalf {
    static constexpr unsigned step = 32, from_bytes = 4, to_bytes = 2;
    QAIC_AVX512 explicit ToHalf(Scaling) noexcept {}
    QAIC_AVX512 void operator()(const std::byte* from, std::byte* to) const noexcept
    {
        for (std::size_t i = 0; i < 2; ++i)
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i * 32),
                                _mm512_cvtps_ph(_mm512_loadu_ps(from + i * 64),
                                                _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
    }
};

enum class Wide : std::uint8_t { INT8, UINT8, INT16 };
template<Wide kind>
struct FromInteger {
    static constexpr unsigned step = 16, from_bytes = kind == Wide::INT16 ? 2 : 1, to_bytes = 4;
    QAIC_AVX512 explicit FromInteger(Scaling s) noexcept
        : scale(_mm512_set1_ps(s.scale)), zero(_mm512_set1_epi32(s.zero_point))
    {}
    [[nodiscard]] QAIC_AVX512 static __m512i widen(const std::byte* from) noexcept
    {
        if constexpr (kind == Wide::INT16) {
            return _mm512_cvtepi16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
        } else {
            const auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
            return kind == Wide::INT8 ? _mm512_cvtepi8_epi32(bytes) : _mm512_cvtepu8_epi32(bytes);
        }
    }
    QAIC_AVX512 void operator()(const std::byte* from, std::byte* to) const noexcept
    {
        const auto steps = _mm512_cvtepi32_ps(_mm512_sub_epi32(widen(from), zero));
        _mm512_storeu_ps(to, _mm512_mul_ps(steps, scale));
    }
    __m512 scale;
    __m512i zero;
};
struct FromHalf {
    static constexpr unsigned step = 16, from_bytes = 2, to_bytes = 4;
    QAIC_AVX512 explicit FromHalf(Scaling) noexcept {}
    QAIC_AVX512 void operator()(const std::byte* from, std::byte* to) const noexcept
    {
        const auto halves = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
        _mm512_storeu_ps(to, _mm512_cvtph_ps(halves));
    }
};

/// Whole steps in place, the rest through a padded copy.
template<class Step>
QAIC_AVX512 void run(const std::byte* from, std::byte* to, std::uint64_t n, Scaling s) noexcept
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

constinit const KernelTable avx512_kernels = vector_table(
    {run<ToHalf>, run<FromHalf>}, {run<ToInt8>, run<FromInteger<Wide::INT8>>},
    {run<ToUint8>, run<FromInteger<Wide::UINT8>>}, {run<ToInt16>, run<FromInteger<Wide::INT16>>});

} // namespace qaic
#endif
