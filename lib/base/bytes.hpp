// SPDX-License-Identifier: BSD-3-Clause
// Reading and writing wire structs in byte spans without aliasing tricks: always a copy, always bounded.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

namespace qaic {

using Bytes = std::vector<std::byte>;
using ConstSpan = std::span<const std::byte>;
using MutSpan = std::span<std::byte>;

/// Copy of the T at `offset`, or nothing when it does not fit.
template<class T>
requires std::is_trivially_copyable_v<T>
[[nodiscard]] std::optional<T> read_at(ConstSpan from, std::size_t offset = 0) noexcept
{
    if (offset > from.size() || from.size() - offset < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(static_cast<void*>(&value), from.data() + offset, sizeof(T));
    return value;
}

/// Appends the bytes of a wire struct.
template<class T>
requires std::is_trivially_copyable_v<T>
void append(Bytes& to, const T& value)
{
    // Not insert(): at -O3 g++ 12 sees an overflow in its copy that is not there.
    const auto at = to.size();
    to.resize(at + sizeof(T));
    std::memcpy(to.data() + at, static_cast<const void*>(&value), sizeof(T));
}

/// The bytes of a wire struct, as a view.
template<class T>
requires std::is_trivially_copyable_v<T>
[[nodiscard]] ConstSpan bytes_of(const T& value) noexcept
{
    return std::as_bytes(std::span<const T, 1>(&value, 1));
}

} // namespace qaic
