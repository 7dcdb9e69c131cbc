// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stage_of.hpp"
#include <algorithm>
#include <fmt/ranges.h>

namespace pipeline {

const qaic_pipe_option* Options::find(std::string_view name) const
{
    const std::span all(setup_.options, setup_.n_options);
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto& o) { return o.name == name; });
    return at != all.end() ? &*at : nullptr;
}

tl::unexpected<Error> Options::wrong(std::string_view name, std::string_view takes) const
{
    const auto* const option = find(name);
    return fail(Code::E_INVAL, "{}: stage {}: {} takes {}", option != nullptr ? option->place : setup_.place,
                setup_.stage, name, takes);
}

Result<std::string> Options::text(std::string_view name, std::optional<std::string> fallback) const
{
    const auto* const option = find(name);
    if (option == nullptr && fallback) return std::move(*fallback);
    if (option == nullptr)
        return fail(Code::E_INVAL, "{}: stage {} needs the option {}", setup_.place, setup_.stage, name);
    if (option->type != QAIC_PIPE_TEXT || *option->text == '\0') return wrong(name, "a text");
    return std::string(option->text);
}

Result<std::int64_t> Options::integer(std::string_view name, std::int64_t low, std::int64_t high,
                                      std::optional<std::int64_t> fallback) const
{
    const auto* const option = find(name);
    if (option == nullptr && fallback) return *fallback;
    if (option == nullptr)
        return fail(Code::E_INVAL, "{}: stage {} needs the option {}", setup_.place, setup_.stage, name);
    if (option->type != QAIC_PIPE_INTEGER || option->integer < low || option->integer > high)
        return wrong(name, fmt::format("a whole number from {} to {}", low, high));
    return option->integer;
}

Result<double> Options::real(std::string_view name, double low, double high,
                             std::optional<double> fallback) const
{
    const auto* const option = find(name);
    if (option == nullptr && fallback) return *fallback;
    if (option == nullptr)
        return fail(Code::E_INVAL, "{}: stage {} needs the option {}", setup_.place, setup_.stage, name);
    const bool number = option->type == QAIC_PIPE_INTEGER || option->type == QAIC_PIPE_REAL;
    if (!number || !(option->real >= low && option->real <= high))
        return wrong(name, fmt::format("a number from {} to {}", low, high));
    return option->real;
}

Result<bool> Options::boolean(std::string_view name, bool fallback) const
{
    const auto* const option = find(name);
    if (option == nullptr) return fallback;
    if (option->type != QAIC_PIPE_BOOL) return wrong(name, "true or false");
    return option->integer != 0;
}

Result<std::size_t> Options::choice(std::string_view name, std::span<const std::string_view> words,
                                    std::optional<std::size_t> fallback) const
{
    if (!has(name) && fallback) return *fallback;
    QAIC_TRY(const auto word, text(name));
    const auto at = std::find(words.begin(), words.end(), word);
    if (at == words.end()) return wrong(name, fmt::format("one of: {}", fmt::join(words, ", ")));
    return static_cast<std::size_t>(at - words.begin());
}

Result<std::filesystem::path> Options::path(std::string_view name) const
{
    QAIC_TRY(const auto given, text(name));
    return std::filesystem::path(setup_.folder) / given;
}

} // namespace pipeline
