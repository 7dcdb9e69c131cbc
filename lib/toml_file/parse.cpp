// SPDX-License-Identifier: BSD-3-Clause
#include "toml_file/keys.hpp"

namespace toml_file {

std::string one_line(std::string_view text)
{
    std::string out(text.substr(0, 1000));
    std::replace_if(
        out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; },
        ' ');
    return out;
}

Result<toml::table> parse(std::string_view text, const std::string& name)
{
    constexpr std::size_t most = 1u << 20;
    if (text.size() > most) return fail(Code::E_LIMIT, "{}: {} bytes, limit {}", name, text.size(), most);
    try {
        return toml::parse(text, name);
    } catch (const toml::parse_error& e) {
        return at(name, e.source().begin, e.description());
    }
}

} // namespace toml_file
