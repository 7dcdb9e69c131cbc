// SPDX-License-Identifier: BSD-3-Clause
// Parameters of a telemetry command: DEVICE, or DEVICE,key=value,... Strict: a key nobody asked for, a key
// given twice, a value out of range and anything left over are one error that says what is allowed.
#pragma once
#include "base/result.hpp"
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qaic::seen {

/// One option of a command: a number within limits, or one of the words (parted by '|').
struct OptionRule {
    std::string_view key;
    std::uint64_t least = 0, most = 0;
    std::string_view words; ///< empty: a number
};

class Options {
  public:
    /// `params` may be null or empty; then, and only then, device() is empty. E_INVAL.
    [[nodiscard]] static Result<Options> parse(const char* params, std::span<const OptionRule> rules);
    [[nodiscard]] const std::string& device() const noexcept { return device_; }
    [[nodiscard]] std::optional<std::uint64_t> number(std::string_view key) const noexcept;
    [[nodiscard]] std::string_view word(std::string_view key) const noexcept; ///< empty: not given

  private:
    struct Given {
        std::string_view key; ///< of the rule
        std::uint64_t number = 0;
        std::string word;
    };
    [[nodiscard]] const Given* find(std::string_view key) const noexcept;
    [[nodiscard]] Result<void> take(std::string_view pair, std::span<const OptionRule> rules);
    std::string device_;
    std::vector<Given> given_;
};

} // namespace qaic::seen
