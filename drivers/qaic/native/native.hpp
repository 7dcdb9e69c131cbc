// SPDX-License-Identifier: BSD-3-Clause
// What the functions of rte_pmd_qaic.h have in common: finding the device, structures that grow, the border
// to C.
#pragma once
#include "qaic/mldev_guard.hpp"
#include "qaic/rte_pmd_qaic.h"
#include "qaic/seen/seats.hpp"
#include <algorithm>
#include <cstring>

/// Hidden symbols are the rule in the plugin.
#define QAIC_PUBLIC extern "C" __attribute__((visibility("default")))

namespace qaic::native {

inline constexpr Nanos lock_limit = std::chrono::milliseconds(RTE_PMD_QAIC_LOCK_MS);

/// The device, kept from being removed for as long as the visit lives. E_INVAL when there is none of ours.
[[nodiscard]] inline Result<seen::Visit> visit(std::int16_t dev_id)
{
    if (secondary::is_secondary())
        return fail(Code::E_UNSUPP, "device {}: control in a secondary process: do it in the primary",
                    dev_id);
    return seen::Visit::to(fmt::format("{}", dev_id));
}

/// Runs body(device) of dev_id; negative errno.
template<class Body>
int with_device(std::int16_t dev_id, Body&& body) noexcept
{
    return guarded([&]() -> Result<void> {
        QAIC_TRY(const auto v, visit(dev_id));
        if (v.device().closed()) return fail(Code::E_UNSUPP, "{}: device is closed", v.device().name());
        return body(v.device());
    });
}

/// The first bytes of `from`, as many as the caller's structure has. E_INVAL when it is no version of it.
template<class T>
[[nodiscard]] Result<void> give(T* to, T from)
{
    constexpr std::uint32_t least = sizeof(std::uint32_t);
    if (to == nullptr) return fail(Code::E_INVAL, "result: NULL pointer");
    if (to->size <= least || to->size > sizeof(T))
        return fail(Code::E_INVAL, "result: member size got={} limit={}: set it to sizeof", to->size,
                    sizeof(T));
    from.size = to->size;
    std::memcpy(to, &from, to->size);
    return {};
}

/// What the card says of itself, or of a part of it (card.cpp).
[[nodiscard]] rte_pmd_qaic_resources resources_of(const aic100::ResourceBlock& block) noexcept;

/// Text of the card: cut, printable, NUL at the end.
template<std::size_t N>
void copy_text(char (&to)[N], std::string_view from) noexcept
{
    std::size_t n = 0;
    for (; n < std::min(from.size(), N - 1) && from[n] != '\0'; ++n)
        to[n] = from[n] >= ' ' && from[n] <= '~' ? from[n] : '?';
    std::memset(to + n, 0, N - n);
}
template<std::size_t N, std::size_t M>
void copy_field(char (&to)[N], const char (&from)[M]) noexcept
{
    copy_text(to, std::string_view(from, M));
}

} // namespace qaic::native
