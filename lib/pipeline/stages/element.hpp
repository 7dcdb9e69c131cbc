// SPDX-License-Identifier: BSD-3-Clause
// Types of a tensor's elements by the words of pipeline files.
#pragma once
#include "pipeline/stage_of.hpp"

namespace pipeline {

enum class Element : std::uint8_t { F32, F16, BF16, I8, U8 };
inline constexpr std::string_view element_words[] = {"f32", "f16", "bf16", "i8", "u8"};

[[nodiscard]] constexpr std::uint32_t bytes_of(Element e) noexcept
{
    return e == Element::F32 ? 4 : e == Element::F16 || e == Element::BF16 ? 2 : 1;
}

/// Without a fallback the option is needed.
inline Result<Element> element_option(const Options& options, std::string_view name,
                                      std::optional<Element> fallback = std::nullopt)
{
    std::optional<std::size_t> otherwise;
    if (fallback) otherwise = static_cast<std::size_t>(*fallback);
    QAIC_TRY(const auto which, options.choice(name, element_words, otherwise));
    return static_cast<Element>(which);
}

} // namespace pipeline
