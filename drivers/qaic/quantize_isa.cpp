// SPDX-License-Identifier: BSD-3-Clause
// Which conversions this processor may run and the user allows.
#include "qaic/quantize.hpp"
#include <rte_cpuflags.h>
#include <rte_vect.h>

namespace qaic {

bool cpu_has(Isa isa) noexcept
{
#if defined(__x86_64__)
    const auto all = [](auto... flags) { return ((rte_cpu_get_flag_enabled(flags) == 1) && ...); };
    switch (isa) {
    case Isa::AVX512: return all(RTE_CPUFLAG_AVX512F, RTE_CPUFLAG_AVX512BW);
    case Isa::AVX2: return all(RTE_CPUFLAG_AVX2, RTE_CPUFLAG_F16C);
    case Isa::SCALAR: break;
    }
#endif
    return isa == Isa::SCALAR;
}

Isa isa_within(unsigned simd_bits) noexcept
{
    if (simd_bits >= 512 && cpu_has(Isa::AVX512)) return Isa::AVX512;
    if (simd_bits >= 256 && cpu_has(Isa::AVX2)) return Isa::AVX2;
    return Isa::SCALAR;
}

Isa best_isa() noexcept
{
    static const Isa best = isa_within(rte_vect_get_max_simd_bitwidth()); // asking traps to a hypervisor
    return best;
}

} // namespace qaic
