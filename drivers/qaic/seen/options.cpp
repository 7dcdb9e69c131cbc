// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/seen/options.hpp"
#include <algorithm>
#include <charconv>

namespace qaic::seen {
namespace {

/// Calls use(part) for the parts of `text` between `by`; an empty text has one empty part.
template<class Use>
Result<void> split(std::string_view text, char by, Use&& use)
{
    for (;;) {
        const auto end = std::min(text.find(by), text.size());
        QAIC_CHECK(use(text.substr(0, end)));
        if (end == text.size()) return {};
        text.remove_prefix(end + 1);
    }
}

bool one_of(std::string_view word, std::string_view words)
{
    bool found = false;
    (void)split(words, '|', [&](std::string_view w) -> Result<void> {
        found = found || w == word;
        return {};
    });
    return found;
}

std::string known(std::span<const OptionRule> rules)
{
    std::string out;
    for (const auto& r : rules) out += fmt::format("{}{}", out.empty() ? "" : ", ", r.key);
    return out.empty() ? "none" : out;
}

} // namespace

Result<void> Options::take(std::string_view pair, std::span<const OptionRule> rules)
{
    const auto equals = pair.find('=');
    const auto key = pair.substr(0, equals);
    const auto rule =
        std::find_if(rules.begin(), rules.end(), [&](const OptionRule& r) { return r.key == key; });
    if (rule == rules.end())
        return fail(Code::E_INVAL, "unknown option '{:.32}': known are {}", key, known(rules));
    if (find(key) != nullptr) return fail(Code::E_INVAL, "option {}: given twice", rule->key);
    if (equals == pair.npos) return fail(Code::E_INVAL, "option {}: a value is missing", rule->key);
    const auto value = pair.substr(equals + 1);
    Given given{rule->key, 0, {}};
    if (!rule->words.empty()) {
        if (!one_of(value, rule->words))
            return fail(Code::E_INVAL, "option {}: got='{:.32}' limit={}", rule->key, value, rule->words);
        given.word = value;
    } else {
        const auto* const end = value.data() + value.size();
        const auto [stop, error] = std::from_chars(value.data(), end, given.number);
        if (error != std::errc() || stop != end || given.number < rule->least || given.number > rule->most)
            return fail(Code::E_INVAL, "option {}: got='{:.32}' limit={}..{}", rule->key, value, rule->least,
                        rule->most);
    }
    given_.push_back(std::move(given));
    return {};
}

Result<Options> Options::parse(const char* params, std::span<const OptionRule> rules)
{
    Options out;
    const std::string_view text = params != nullptr ? params : "";
    if (text.empty()) return out;
    bool first = true;
    QAIC_CHECK(split(text, ',', [&](std::string_view part) -> Result<void> {
        if (part.empty()) return fail(Code::E_INVAL, "an empty parameter got='{:.64}'", text);
        if (!std::exchange(first, false)) return out.take(part, rules);
        out.device_ = part;
        return {};
    }));
    return out;
}

const Options::Given* Options::find(std::string_view key) const noexcept
{
    const auto at = std::find_if(given_.begin(), given_.end(), [&](const Given& g) { return g.key == key; });
    return at != given_.end() ? &*at : nullptr;
}

std::optional<std::uint64_t> Options::number(std::string_view key) const noexcept
{
    const auto* const g = find(key);
    return g != nullptr ? std::optional(g->number) : std::nullopt;
}

std::string_view Options::word(std::string_view key) const noexcept
{
    const auto* const g = find(key);
    return g != nullptr ? std::string_view(g->word) : std::string_view();
}

} // namespace qaic::seen
