// SPDX-License-Identifier: BSD-3-Clause
// Reading the fields of a request, each by name, type and range; one that nobody asked for is an error.
#pragma once
#include "base/result.hpp"
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

namespace card_app {
using namespace qaic;
using nlohmann::json;

/// Remembers the first thing that was wrong; check it with error() after the last field.
class Fields {
  public:
    explicit Fields(const json& from, std::set<std::string> known = {}) : from_(from), seen_(std::move(known))
    {}

    /// An unsigned number in [low, high]; `otherwise` when it is absent, which is an error without one.
    std::uint64_t number(const std::string& name, std::uint64_t low, std::uint64_t high,
                         std::optional<std::uint64_t> otherwise = {})
    {
        const auto* node = find(name, otherwise.has_value());
        if (node == nullptr) return otherwise.value_or(low);
        if (node->is_number_unsigned() && node->get<std::uint64_t>() >= low &&
            node->get<std::uint64_t>() <= high)
            return node->get<std::uint64_t>();
        wrong(fmt::format("\"{}\" takes {} to {}", name, low, high));
        return low;
    }
    bool flag(const std::string& name, bool otherwise)
    {
        const auto* node = find(name, true);
        if (node == nullptr) return otherwise;
        if (node->is_boolean()) return node->get<bool>();
        wrong(fmt::format("\"{}\" takes true or false", name));
        return otherwise;
    }
    std::string text(const std::string& name, std::size_t most,
                     const std::optional<std::string>& otherwise = {})
    {
        const auto* node = find(name, otherwise.has_value());
        if (node == nullptr) return otherwise.value_or("");
        if (node->is_string() && node->get_ref<const std::string&>().size() <= most)
            return node->get<std::string>();
        wrong(fmt::format("\"{}\" takes a text of up to {} characters", name, most));
        return "";
    }
    void wrong(std::string what)
    {
        if (error_.empty()) error_ = std::move(what);
    }
    /// Nothing wrong, and no field left over.
    [[nodiscard]] Result<void> check() const
    {
        if (!error_.empty()) return fail(Code::E_INVAL, "{}", error_);
        for (const auto& item : from_.items())
            if (!seen_.contains(item.key())) return fail(Code::E_INVAL, "unknown field \"{}\"", item.key());
        return {};
    }

  private:
    const json* find(const std::string& name, bool optional)
    {
        seen_.insert(name);
        const auto at = from_.find(name);
        if (at != from_.end()) return &*at;
        if (!optional) wrong(fmt::format("\"{}\" is missing", name));
        return nullptr;
    }
    const json& from_;
    std::set<std::string> seen_;
    std::string error_;
};

} // namespace card_app
