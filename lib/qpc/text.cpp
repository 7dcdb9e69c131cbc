// SPDX-License-Identifier: BSD-3-Clause
#include "qpc/text.hpp"
#include <fmt/format.h>

namespace qpc {

std::string printable(std::string_view text, std::size_t limit)
{
    std::string out;
    for (const char c : text.substr(0, limit)) {
        const auto u = static_cast<unsigned char>(c);
        if (u < 0x20 || u > 0x7e)
            out += fmt::format("\\x{:02x}", u);
        else if (c == '\\' || c == '"')
            (out += '\\') += c;
        else
            out += c;
    }
    if (text.size() > limit) out += "...";
    return out;
}

} // namespace qpc
