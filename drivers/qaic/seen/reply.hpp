// SPDX-License-Identifier: BSD-3-Clause
// What a telemetry callback answers, without the library's traps: text is made printable and cut to what an
// object may hold, and whatever did not fit is remembered instead of lost without a word.
#pragma once
#include <cstdint>
#include <rte_telemetry.h>
#include <string>
#include <string_view>
#include <vector>

namespace qaic::seen {

/// Printable ASCII; anything else becomes '.'.
[[nodiscard]] std::string printable(std::string_view text);

/// A dictionary under construction; the top one is the library's, others die into the one they are added to.
class Dict {
  public:
    static constexpr std::size_t text_limit = RTE_TEL_MAX_STRING_LEN - 1;

    explicit Dict(rte_tel_data* data);
    Dict& text(const char* name, std::string_view value); ///< cut to text_limit
    Dict& number(const char* name, std::uint64_t value);
    Dict& integer(const char* name, std::int64_t value);
    Dict& flag(const char* name, bool value); ///< 0 or 1: telemetry knows no booleans
    Dict& list(const char* name, const std::vector<std::uint64_t>& values);
    /// An empty dictionary by that name, filled by `fill`.
    template<class Fill>
    Dict& dict(const char* name, Fill&& fill)
    {
        if (auto* const data = child(); data != nullptr) {
            Dict inner(data);
            fill(inner);
            overflowed_ = overflowed_ || inner.overflowed();
            adopt(name, data);
        }
        return *this;
    }
    /// Something did not fit, or there was no memory.
    [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }

  private:
    void note(int result) noexcept { overflowed_ = overflowed_ || result != 0; }
    rte_tel_data* child();
    void adopt(const char* name, rte_tel_data* data);
    rte_tel_data* data_;
    bool overflowed_ = false;
};

/// Lines of text as an array of strings; the longer ones in several.
void answer_lines(rte_tel_data* data, const std::vector<std::string>& lines);

} // namespace qaic::seen
