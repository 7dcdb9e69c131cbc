// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/tensor_options.hpp"
#include "base/checked.hpp"
#include <charconv>
#include <cmath>

namespace pipeline {

namespace {

/// Calls take(part) for each part of a text; false when one of them did.
template<class Take>
bool each_part(std::string_view text, char between, Take&& take)
{
    for (;;) {
        const auto end = text.find(between);
        if (!take(text.substr(0, end))) return false;
        if (end == std::string_view::npos) return true;
        text.remove_prefix(end + 1);
    }
}

template<class T>
bool read_whole(std::string_view part, T& value)
{
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    return error == std::errc() && end == part.data() + part.size();
}

} // namespace

Result<std::vector<std::uint32_t>> shape_option(const Options& options, std::string_view name)
{
    QAIC_TRY(const auto text, options.text(name));
    std::vector<std::uint32_t> shape;
    std::uint64_t elements = 1;
    const bool good = each_part(text, 'x', [&](std::string_view part) {
        std::uint32_t d = 0;
        if (shape.size() == 8 || !read_whole(part, d) || d == 0) return false;
        shape.push_back(d);
        elements *= d; // below 2^62: what came before was checked
        return elements <= most_tensor_bytes;
    });
    if (!good)
        return options.wrong(
            name, fmt::format("1 to 8 dimensions like \"1x1x8x8\", at most {} elements", most_tensor_bytes));
    return shape;
}

std::uint32_t elements_of(std::span<const std::uint32_t> shape) noexcept
{
    std::uint32_t n = 1;
    for (const auto d : shape) n *= d;
    return n;
}

Result<std::vector<float>> numbers_option(const Options& options, std::string_view name, std::size_t count,
                                          float fallback)
{
    std::vector<float> numbers;
    if (!options.has(name)) return std::vector<float>(count, fallback);
    QAIC_TRY(const auto text, options.text(name));
    const bool good = each_part(text, ',', [&](std::string_view part) {
        part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
        float v = 0;
        if (numbers.size() == count || !read_whole(part, v) || !std::isfinite(v)) return false;
        numbers.push_back(v);
        return true;
    });
    if (good && numbers.size() == 1) numbers.resize(count, numbers[0]);
    if (!good || numbers.size() != count)
        return options.wrong(name, fmt::format("{} numbers like \"0.5,0.25\", or one for all", count));
    return numbers;
}

Result<std::uint32_t> tensor_bytes(std::uint64_t elements, std::uint32_t element_bytes,
                                   const Options& options, std::string_view name)
{
    const auto bytes = checked_mul<std::uint64_t>(elements, element_bytes);
    if (!bytes || *bytes > most_tensor_bytes)
        return options.wrong(name, fmt::format("what makes a tensor of at most {} bytes", most_tensor_bytes));
    return static_cast<std::uint32_t>(*bytes);
}

} // namespace pipeline
