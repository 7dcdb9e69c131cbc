// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/spec_check.hpp"
#include "toml_file/keys.hpp"
#include <algorithm>
#include <fmt/ranges.h>

namespace pipeline {

namespace {

template<class List, class Name>
std::string names_of(const List& list, Name name)
{
    std::vector<std::string> out;
    out.reserve(list.size());
    for (const auto& one : list) out.emplace_back(name(one));
    return out.empty() ? "none" : fmt::format("{}", fmt::join(out, ", "));
}

const Kind* kind_of(const StageSpec& s, std::span<const Kind> kinds)
{
    const auto at = std::find_if(kinds.begin(), kinds.end(), [&](const Kind& k) { return k.name == s.kind; });
    return at != kinds.end() ? &*at : nullptr;
}

Result<void> check_stage(const PipelineSpec& p, const StageSpec& s, std::span<const Kind> kinds)
{
    if (p.stage(s.name) != &s)
        return fail(Code::E_FORMAT, "{}: there is another stage \"{}\"", s.place, s.name);
    const auto* const kind = kind_of(s, kinds);
    if (kind == nullptr)
        return fail(Code::E_FORMAT, "{}: stage {}: no kind \"{}\"; known: {}", s.place, s.name,
                    toml_file::one_line(s.kind), names_of(kinds, [](const Kind& k) { return k.name; }));
    for (const auto& [name, value] : s.options)
        if (std::find(kind->options.begin(), kind->options.end(), name) == kind->options.end())
            return fail(Code::E_FORMAT, "{}: a stage of kind {} has no option \"{}\"; it has: {}",
                        value.place, s.kind, toml_file::one_line(name),
                        names_of(kind->options, [](std::string_view n) { return n; }));
    const auto count = [&](auto member) {
        return std::count_if(p.links.begin(), p.links.end(),
                             [&](const LinkSpec& l) { return l.*member == s.name; });
    };
    const auto in = count(&LinkSpec::to), out = count(&LinkSpec::from);
    if (kind->role == Role::SOURCE && in != 0)
        return fail(Code::E_FORMAT, "{}: stage {} is a source: nothing can be linked to it", s.place, s.name);
    if (kind->role != Role::SOURCE && in == 0)
        return fail(Code::E_FORMAT, "{}: stage {} gets nothing: no link goes to it", s.place, s.name);
    if (kind->role == Role::SINK && out != 0)
        return fail(Code::E_FORMAT, "{}: stage {} is a sink: nothing comes out of it", s.place, s.name);
    if (kind->role != Role::SINK && out == 0)
        return fail(Code::E_FORMAT,
                    "{}: stage {} leads nowhere: no link starts at it (kind \"null\" takes anything)",
                    s.place, s.name);
    return {};
}

Result<void> check_link(const PipelineSpec& p, const LinkSpec& l)
{
    for (const auto& end : {l.from, l.to})
        if (p.stage(end) == nullptr)
            return fail(Code::E_FORMAT, "{}: no stage \"{}\"; there are: {}", l.place, end,
                        names_of(p.stages, [](const StageSpec& s) { return s.name; }));
    const auto first = std::find_if(p.links.begin(), p.links.end(),
                                    [&](const LinkSpec& o) { return o.from == l.from && o.to == l.to; });
    if (&*first != &l) return fail(Code::E_FORMAT, "{}: {} is linked to {} already", l.place, l.from, l.to);
    return {};
}

/// No item goes two ways.
Result<void> check_way(const PipelineSpec& p, const LinkSpec& l)
{
    const auto way =
        std::find_if(p.links.begin(), p.links.end(), [&](const LinkSpec& o) { return o.from == l.from; });
    if (&*way != &l)
        return fail(Code::E_FORMAT,
                    "{}: {} hands on to {} already; an item goes one way (for more cores: replicas of {})",
                    l.place, l.from, way->to, way->to);
    return {};
}

/// Each stage behind all that it takes from, of several the one that stands first in the file.
Result<std::vector<StageSpec>> in_order(const PipelineSpec& p, const std::string& file)
{
    std::vector<StageSpec> out;
    const auto placed = [&](const std::string& name) {
        return std::any_of(out.begin(), out.end(), [&](const auto& s) { return s.name == name; });
    };
    while (out.size() < p.stages.size()) {
        const auto next = std::find_if(p.stages.begin(), p.stages.end(), [&](const StageSpec& s) {
            return !placed(s.name) && std::all_of(p.links.begin(), p.links.end(), [&](const LinkSpec& l) {
                return l.to != s.name || placed(l.from);
            });
        });
        if (next == p.stages.end()) {
            std::vector<std::string> left;
            for (const auto& s : p.stages)
                if (!placed(s.name)) left.push_back(s.name);
            return fail(Code::E_FORMAT, "{}: links go in a circle, or behind one: {}", file,
                        fmt::join(left, ", "));
        }
        out.push_back(*next);
    }
    return out;
}

} // namespace

Result<void> check_pipeline(PipelineSpec& p, const std::string& file, std::span<const Kind> kinds)
{
    if (p.name.empty()) return fail(Code::E_FORMAT, "{}: a pipeline needs a name", file);
    if (p.stages.empty()) return fail(Code::E_FORMAT, "{}: a pipeline needs a [[stage]]", file);
    for (const auto& l : p.links) QAIC_CHECK(check_link(p, l));
    for (const auto& s : p.stages) QAIC_CHECK(check_stage(p, s, kinds));
    for (const auto& l : p.links) QAIC_CHECK(check_way(p, l));
    for (auto& s : p.stages)
        for (const auto& l : p.links) {
            if (l.from == s.name) s.wish.links.push_back(l.to);
            if (l.to == s.name) s.wish.links.push_back(l.from);
        }
    QAIC_TRY(p.stages, in_order(p, file));
    return {};
}

} // namespace pipeline
