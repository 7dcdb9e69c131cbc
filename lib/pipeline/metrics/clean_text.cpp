// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/metrics/clean_text.hpp"
#include <cstdint>

namespace pipeline::metrics {
namespace {

unsigned byte_at(std::string_view text, std::size_t i) { return static_cast<unsigned char>(text[i]); }

/// Bytes of the character at the front, 0 if there is none. RFC 3629: no overlong forms, no surrogates.
std::size_t character(std::string_view text)
{
    const auto first = byte_at(text, 0);
    if (first < 0x80) return 1;
    const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < size) return 0;
    std::uint32_t value = first & (0x7fU >> size);
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte_at(text, i) & 0xc0U) != 0x80) return 0;
        value = value << 6U | (byte_at(text, i) & 0x3fU);
    }
    static constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = value >= 0xd800 && value <= 0xdfff;
    return value >= least[size] && value <= 0x10ffff && !surrogate ? size : 0;
}

bool is_utf8(std::string_view text)
{
    while (!text.empty()) {
        const auto size = character(text);
        if (size == 0) return false;
        text.remove_prefix(size);
    }
    return true;
}

} // namespace

std::string clean_text(std::string_view text)
{
    std::string out(text);
    if (is_utf8(text)) return out;
    for (auto& c : out)
        if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    return out;
}

std::string escaped(std::string_view text)
{
    std::string out;
    for (const char c : clean_text(text)) {
        if (c == '\n') {
            out += "\\n";
            continue;
        }
        if (c == '\\' || c == '"') out += '\\';
        out += c;
    }
    return out;
}

} // namespace pipeline::metrics
