// SPDX-License-Identifier: BSD-3-Clause
#include "base/result.hpp"
#include <array>

namespace qaic {
namespace {
struct Row {
    std::string_view name, text;
    int err;
};
constexpr Row rows[] = {
    {"OK", "success", 0},
#define QAIC_ERROR(name, err, text) {#name, text, err},
#include "base/error_codes.def"
#undef QAIC_ERROR
};
const Row& row(Code code) noexcept
{
    static constexpr Row unknown{"E_?", "unknown error", EINVAL};
    const auto i = static_cast<std::size_t>(code);
    return i < std::size(rows) ? rows[i] : unknown;
}
} // namespace

std::string_view code_name(Code code) noexcept { return row(code).name; }
std::string_view code_text(Code code) noexcept { return row(code).text; }
int code_errno(Code code) noexcept { return row(code).err; }

} // namespace qaic
