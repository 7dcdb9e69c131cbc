// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/quantize.hpp"
#include <cstring>

namespace qaic {
namespace {

std::uint64_t device_bytes(const std::vector<Tensor>& tensors) noexcept
{
    return tensors.empty() ? 0 : tensors.back().packed_at + tensors.back().bytes;
}

tl::unexpected<Error> too_short(std::string_view what, std::size_t got, std::uint64_t limit)
{
    return fail(Code::E_INVAL, "{} buffer too short got={} limit={}", what, got, limit);
}

/// True when `plain` holds device types; E_INVAL when a buffer holds less than it must.
Result<bool> already_quantized(std::size_t plain, std::size_t device, std::uint64_t need, std::uint64_t have)
{
    if (device < have) return too_short("quantized", device, have);
    if (plain >= need) return false;
    if (plain < have) return too_short("float", plain, need);
    return true;
}

Kernel kernel_of(const Tensor& t, Isa isa) noexcept { return kernel_for(isa, t.type, t.zero_point); }

} // namespace

std::string_view to_string(Isa isa) noexcept
{
    constexpr std::array<std::string_view, isa_count> names{"scalar", "avx2", "avx512"};
    return names[static_cast<std::size_t>(isa)];
}

Kernel kernel_for(Isa isa, qpc::DataType type, std::int32_t zero_point) noexcept
{
    auto kernel = scalar_kernels[static_cast<std::size_t>(type)];
    const bool small = zero_point >= -vector_zero_point && zero_point <= vector_zero_point;
#if defined(__x86_64__)
    if (isa != Isa::SCALAR && small) {
        const auto& table = isa == Isa::AVX512 ? avx512_kernels : avx2_kernels;
        const auto& own = table[static_cast<std::size_t>(type)];
        if (own.quantize != nullptr) kernel.quantize = own.quantize;
        if (own.dequantize != nullptr) kernel.dequantize = own.dequantize;
    }
#else
    (void)isa, (void)small;
#endif
    return kernel;
}

std::uint64_t plain_bytes(const Tensor& t) noexcept
{
    return t.elements * (t.type == qpc::DataType::INT64 ? 8 : 4);
}
std::uint64_t plain_bytes(const std::vector<Tensor>& tensors) noexcept
{
    std::uint64_t n = 0;
    for (const auto& t : tensors) n += plain_bytes(t);
    return n;
}

Result<void> quantize(const std::vector<Tensor>& tensors, ConstSpan plain, MutSpan device, Isa isa)
{
    const auto have = device_bytes(tensors);
    QAIC_TRY(const bool raw, already_quantized(plain.size(), device.size(), plain_bytes(tensors), have));
    if (raw) {
        std::memcpy(device.data(), plain.data(), have);
        return {};
    }
    const auto* from = plain.data();
    for (const auto& t : tensors) {
        kernel_of(t, isa).quantize(from, device.data() + t.packed_at, t.elements, {t.scale, t.zero_point});
        from += plain_bytes(t);
    }
    return {};
}

Result<void> dequantize(const std::vector<Tensor>& tensors, ConstSpan device, MutSpan plain, Isa isa)
{
    const auto have = device_bytes(tensors);
    QAIC_TRY(const bool raw, already_quantized(plain.size(), device.size(), plain_bytes(tensors), have));
    if (raw) {
        std::memcpy(plain.data(), device.data(), have);
        return {};
    }
    auto* to = plain.data();
    for (const auto& t : tensors) {
        kernel_of(t, isa).dequantize(device.data() + t.packed_at, to, t.elements, {t.scale, t.zero_point});
        to += plain_bytes(t);
    }
    return {};
}

} // namespace qaic
