// SPDX-License-Identifier: BSD-3-Clause
// One line of JSON in memory of its own, by std::to_chars: shortest numbers, no allocation, no exception. HOT
#pragma once
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <span>
#include <string_view>

namespace pipeline {

/// Calls in the order of the text; more than `bytes` is cut off, so that nothing is written beyond them.
class JsonLine {
  public:
    /// 64 pairs of `top` of at most 10 + 15 + 4 characters, and six keys with numbers.
    static constexpr std::size_t bytes = 4096;

    JsonLine() = default; // at_ points into text_
    JsonLine(const JsonLine&) = delete;
    JsonLine& operator=(const JsonLine&) = delete;

    void raw(std::string_view text) noexcept
    {
        const auto n = std::min(text.size(), room());
        std::memcpy(at_, text.data(), n);
        at_ += n;
    }
    void key(std::string_view name) noexcept
    {
        raw(at_ == text_.data() ? "{\"" : ",\"");
        raw(name);
        raw("\":");
    }
    void null() noexcept { raw("null"); }
    template<class T>
    void number(T value) noexcept
    {
        if constexpr (std::is_floating_point_v<T>)
            if (!std::isfinite(value)) return null(); // JSON has no word for it
        at_ = std::to_chars(at_, at_ + room(), value).ptr;
    }
    /// With its end; call once.
    [[nodiscard]] std::span<const char> finished() noexcept
    {
        raw("}\n");
        return {text_.data(), at_};
    }

  private:
    [[nodiscard]] std::size_t room() const noexcept
    {
        return static_cast<std::size_t>(text_.data() + text_.size() - at_);
    }
    std::array<char, bytes> text_; ///< not set: only what is written is read
    char* at_ = text_.data();
};

} // namespace pipeline
