// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/seen/reply.hpp"
#include <cerrno>

namespace qaic::seen {

std::string printable(std::string_view text)
{
    std::string out(text);
    for (auto& c : out)
        if (c < ' ' || c > '~') c = '.';
    return out;
}

Dict::Dict(rte_tel_data* data) : data_(data) { note(rte_tel_data_start_dict(data)); }

Dict& Dict::text(const char* name, std::string_view value)
{
    note(rte_tel_data_add_dict_string(data_, name, printable(value.substr(0, text_limit)).c_str()));
    return *this;
}
Dict& Dict::number(const char* name, std::uint64_t value)
{
    note(rte_tel_data_add_dict_uint(data_, name, value));
    return *this;
}
Dict& Dict::integer(const char* name, std::int64_t value)
{
    note(rte_tel_data_add_dict_int(data_, name, value));
    return *this;
}
Dict& Dict::flag(const char* name, bool value) { return number(name, value ? 1 : 0); }

Dict& Dict::list(const char* name, const std::vector<std::uint64_t>& values)
{
    auto* const array = child();
    if (array == nullptr) return *this;
    note(rte_tel_data_start_array(array, RTE_TEL_UINT_VAL));
    for (const auto v : values) note(rte_tel_data_add_array_uint(array, v));
    adopt(name, array);
    return *this;
}

rte_tel_data* Dict::child()
{
    auto* const data = rte_tel_data_alloc();
    note(data != nullptr ? 0 : -ENOMEM);
    return data;
}

void Dict::adopt(const char* name, rte_tel_data* data)
{
    const int result = rte_tel_data_add_dict_container(data_, name, data, 0);
    if (result != 0) rte_tel_data_free(data);
    note(result);
}

void answer_lines(rte_tel_data* data, const std::vector<std::string>& lines)
{
    rte_tel_data_start_array(data, RTE_TEL_STRING_VAL);
    for (const auto& line : lines) {
        const auto text = printable(line);
        for (std::size_t at = 0; at == 0 || at < text.size(); at += Dict::text_limit)
            if (rte_tel_data_add_array_string(data, text.substr(at, Dict::text_limit).c_str()) != 0) return;
    }
}

} // namespace qaic::seen
