// SPDX-License-Identifier: BSD-3-Clause
#include "place/host.hpp"
#include <algorithm>
#include <charconv>
#include <set>

namespace place {

namespace {

constexpr unsigned most_cpus = 4096;

/// The number `text` starts with, which is cut off it.
Result<unsigned> take_number(std::string_view& text, std::string_view whole)
{
    unsigned n = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc{} || n >= most_cpus)
        return fail(Code::E_FORMAT, "\"{}\" is no list of CPUs below {} such as 0-3,8", whole.substr(0, 60),
                    most_cpus);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return n;
}

} // namespace

const Cpu* Host::cpu(unsigned id) const noexcept
{
    const auto at = std::find_if(cpus.begin(), cpus.end(), [&](const Cpu& c) { return c.id == id; });
    return at != cpus.end() ? &*at : nullptr;
}

const CardSite* Host::card(std::string_view wanted) const noexcept
{
    const auto at =
        std::find_if(cards.begin(), cards.end(), [&](const CardSite& c) { return c.name == wanted; });
    return at != cards.end() ? &*at : nullptr;
}

std::size_t Host::cores() const
{
    std::set<unsigned> all;
    for (const auto& c : cpus) all.insert(c.core);
    return all.size();
}

Result<std::vector<unsigned>> cpu_list(std::string_view text)
{
    std::set<unsigned> out;
    for (auto rest = text;;) {
        QAIC_TRY(const auto first, take_number(rest, text));
        auto last = first;
        if (!rest.empty() && rest.front() == '-') {
            rest.remove_prefix(1);
            QAIC_TRY(last, take_number(rest, text));
        }
        if (last < first)
            return fail(Code::E_FORMAT, "\"{}\": {}-{} goes back", text.substr(0, 60), first, last);
        for (auto id = first; id <= last; ++id) out.insert(id);
        if (rest.empty()) return std::vector<unsigned>(out.begin(), out.end());
        if (rest.front() != ',')
            return fail(Code::E_FORMAT, "\"{}\" is no list of CPUs such as 0-3,8", text.substr(0, 60));
        rest.remove_prefix(1);
    }
}

std::string list_of(std::vector<unsigned> cpus)
{
    std::sort(cpus.begin(), cpus.end());
    std::string out;
    for (std::size_t i = 0; i < cpus.size();) {
        auto last = i;
        while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) ++last;
        out += out.empty() ? "" : ",";
        out += last == i ? std::to_string(cpus[i]) : fmt::format("{}-{}", cpus[i], cpus[last]);
        i = last + 1;
    }
    return out;
}

} // namespace place
