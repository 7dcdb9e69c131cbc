// SPDX-License-Identifier: BSD-3-Clause
// Result<T>: a value, or one code from error_codes.def with one line of text that names what, where, limit
// and remedy. Errors are data; programming mistakes assert.
#pragma once
#include <cerrno>
#include <cstdint>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace qaic {

enum class Code : std::uint16_t {
    OK = 0,
#define QAIC_ERROR(name, err, text) name,
#include "base/error_codes.def"
#undef QAIC_ERROR
};

/// Name of a code as users see it ("E_FORMAT"); "E_?" for a value outside the list.
std::string_view code_name(Code code) noexcept;
/// Short text of a code.
std::string_view code_text(Code code) noexcept;
/// Positive errno of a code, 0 for OK.
int code_errno(Code code) noexcept;

struct Error {
    Code code = Code::E_INVAL;
    std::string text; ///< without the code's name; one line
    [[nodiscard]] std::string message() const { return fmt::format("{}: {}", code_name(code), text); }
    [[nodiscard]] int neg_errno() const noexcept { return -code_errno(code); }
};

template<class T>
using Result = tl::expected<T, Error>;

/// fail(Code::E_FORMAT, "segment {} overlaps", n) makes the error side of any Result.
template<class... A>
tl::unexpected<Error> fail(Code code, fmt::format_string<A...> text, A&&... args)
{
    return tl::unexpected<Error>(Error{code, fmt::format(text, std::forward<A>(args)...)});
}

/// Passes an error on, with the place in front ("model.qpc: ...").
inline tl::unexpected<Error> fail_at(std::string_view place, Error error)
{
    return tl::unexpected<Error>(Error{error.code, fmt::format("{}: {}", place, error.text)});
}

} // namespace qaic

// QAIC_TRY(x, expr): x = value of expr, or return its error. QAIC_CHECK(expr): the same for Result<void>.
#define QAIC_CAT_(a, b) a##b
#define QAIC_CAT(a, b) QAIC_CAT_(a, b)
#define QAIC_TRY_(tmp, decl, expr)                                                                           \
    auto tmp = (expr);                                                                                       \
    if (!tmp) return tl::unexpected<::qaic::Error>(std::move(tmp).error());                                  \
    decl = std::move(*tmp)
#define QAIC_TRY(decl, expr) QAIC_TRY_(QAIC_CAT(try_, __LINE__), decl, expr)
#define QAIC_CHECK(expr)                                                                                     \
    if (auto check_ = (expr); !check_) return tl::unexpected<::qaic::Error>(std::move(check_).error())
