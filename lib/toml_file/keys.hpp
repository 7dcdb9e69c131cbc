// SPDX-License-Identifier: BSD-3-Clause
// Reading the keys of a TOML table by a list of what is known: unknown ones, wrong types and values out of
// range are errors with their place.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <string_view>
#include <toml++/toml.h>
#include <vector>

namespace toml_file {
using namespace qaic;

/// E_FORMAT "name:line:column: what" for what is no TOML; E_LIMIT beyond a megabyte.
Result<toml::table> parse(std::string_view text, const std::string& name);

using Node = const toml::node&;

/// One key of a table: what sets it in a T, and what it takes, for the message.
template<class T>
struct Key {
    std::string_view name, takes;
    bool (*set)(Node, T&);
};

/// Text of a file, or about it, on one line: the parser quotes line ends, and keys may hold any character.
std::string one_line(std::string_view text);

inline tl::unexpected<Error> at(const std::string& file, const toml::source_position& where,
                                std::string_view what)
{
    return fail(Code::E_FORMAT, "{}:{}:{}: {}", file, where.line, where.column, one_line(what));
}

/// Sets `to` from one key; E_FORMAT "file:line:column: what".
template<class T>
Result<void> read_key(const std::string& file, const toml::key& key, Node node, std::span<const Key<T>> keys,
                      T& to)
{
    const std::string_view word = key;
    const auto known =
        std::find_if(keys.begin(), keys.end(), [word](const auto& k) { return k.name == word; });
    if (known == keys.end()) return at(file, key.source().begin, fmt::format("unknown key \"{}\"", word));
    if (!known->set(node, to))
        return at(file, node.source().begin, fmt::format("{} takes {}", word, known->takes));
    return {};
}

template<class T>
bool integer(Node node, std::int64_t low, std::int64_t high, T& to)
{
    const auto value = node.value_exact<std::int64_t>();
    if (!value || *value < low || *value > high) return false;
    to = static_cast<T>(*value);
    return true;
}

inline bool boolean(Node node, bool& to)
{
    const auto value = node.value_exact<bool>();
    if (value) to = *value;
    return value.has_value();
}

inline bool text(Node node, std::size_t most, std::string& to)
{
    auto value = node.value_exact<std::string>();
    if (!value || value->empty() || value->size() > most) return false;
    to = std::move(*value);
    return true;
}

/// Texts, at most `count` of them.
inline bool texts(Node node, std::size_t count, std::size_t most, std::vector<std::string>& to)
{
    const auto* list = node.as_array();
    if (list == nullptr || list->size() > count) return false;
    to.resize(list->size());
    for (std::size_t i = 0; i < to.size(); ++i)
        if (!text((*list)[i], most, to[i])) return false;
    return true;
}

/// A number of microseconds, whole or not.
inline bool microseconds(Node node, Nanos most, Nanos& to)
{
    const auto value = node.value<double>();
    if (!node.is_number() || !value || !(*value >= 0) || *value > static_cast<double>(most.count()) / 1000)
        return false;
    to = Nanos(std::llround(*value * 1000));
    return true;
}

} // namespace toml_file
