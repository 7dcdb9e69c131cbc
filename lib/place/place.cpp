// SPDX-License-Identifier: BSD-3-Clause
#include "place/place.hpp"
#include "place/occupancy.hpp"
#include <algorithm>
#include <array>
#include <fmt/ranges.h>
#include <map>
#include <optional>

namespace place {

namespace {

/// How good a CPU is for a stage: less is better, the first difference decides.
using Cost = std::array<unsigned, 8>;

constexpr Wish by_need[] = {Wish::CPUS, Wish::NEAR_CARD, Wish::OWN_CORE, Wish::SAME_L3, Wish::ANY};

class Placer {
  public:
    Placer(const Host& host, std::span<const StageWish> wishes) : host_(host), wishes_(wishes), taken_(host)
    {}

    Result<Placement> run()
    {
        QAIC_CHECK(check());
        chosen_.resize(wishes_.size());
        for (const auto need : by_need)
            for (auto next = next_of(need); next; next = next_of(need))
                for (unsigned r = 0; r < wishes_[*next].replicas; ++r) take(*next);
        QAIC_CHECK(join_others());
        return finish();
    }

  private:
    Result<void> check() const
    {
        if (host_.cpus.empty()) return fail(Code::E_INVAL, "{}: no CPU may be used", host_.name);
        for (const auto& w : wishes_) {
            if (w.replicas == 0) return fail(Code::E_INVAL, "stage {}: 0 replicas", w.stage);
            if (w.wish == Wish::NEAR_CARD && host_.card(w.of) == nullptr)
                return fail(Code::E_INVAL, "stage {}: near {}: {} has no such card; it has {}", w.stage, w.of,
                            host_.name, card_names());
            const bool of_stage = w.wish == Wish::SAME_L3 || w.wish == Wish::WITH;
            if (of_stage && (w.of == w.stage || find(w.of) == nullptr))
                return fail(Code::E_INVAL, "stage {}: {} {}: no other stage is called so", w.stage,
                            w.wish == Wish::WITH ? "with" : "same L3 as", w.of);
            for (const auto id : w.cpus)
                if (host_.cpu(id) == nullptr)
                    return fail(
                        Code::E_INVAL,
                        "stage {}: CPU {} is not there, or this process may not use it; it may use {}",
                        w.stage, id, allowed());
            if (w.wish == Wish::CPUS && w.cpus.size() < w.replicas)
                return fail(Code::E_INVAL, "stage {}: {} CPUs for {} replicas", w.stage, w.cpus.size(),
                            w.replicas);
        }
        return {};
    }
    /// Those that go with others: replica by replica; the others may go with yet others.
    Result<void> join_others()
    {
        for (bool more = true; more;) {
            more = false;
            for (std::size_t i = 0; i < wishes_.size(); ++i) {
                const auto& w = wishes_[i];
                if (w.wish != Wish::WITH || !chosen_[i].empty()) continue;
                const auto hosts = chosen_[index_of(w.of)];
                if (hosts.empty()) continue;
                for (unsigned r = 0; r < w.replicas; ++r) {
                    const auto& c = *hosts[r % hosts.size()];
                    chosen_[i].push_back(&c);
                    reasons_[{i, r}] = fmt::format("with {}, as the file says", w.of);
                    taken_.take(c, i, false);
                }
                more = true;
            }
        }
        for (std::size_t i = 0; i < wishes_.size(); ++i)
            if (chosen_[i].empty())
                return fail(Code::E_INVAL,
                            "stage {}: with {}: that goes in a circle; one of them needs another "
                            "placement",
                            wishes_[i].stage, wishes_[i].of);
        return {};
    }
    /// Of the stages with that need the one that has most to do with those placed already.
    [[nodiscard]] std::optional<std::size_t> next_of(Wish need) const
    {
        std::optional<std::size_t> best;
        for (std::size_t i = 0; i < wishes_.size(); ++i)
            if (wishes_[i].wish == need && chosen_[i].empty() &&
                (!best || neighbours(wishes_[i]).size() > neighbours(wishes_[*best]).size()))
                best = i;
        return best;
    }
    [[nodiscard]] std::string card_names() const
    {
        std::vector<std::string> names;
        for (const auto& c : host_.cards) names.push_back(c.name);
        return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
    }
    [[nodiscard]] std::string allowed() const
    {
        std::vector<unsigned> ids;
        for (const auto& c : host_.cpus) ids.push_back(c.id);
        return list_of(ids);
    }
    [[nodiscard]] const StageWish* find(const std::string& stage) const
    {
        const auto at =
            std::find_if(wishes_.begin(), wishes_.end(), [&](const auto& w) { return w.stage == stage; });
        return at != wishes_.end() ? &*at : nullptr;
    }
    [[nodiscard]] std::size_t index_of(const std::string& stage) const
    {
        return static_cast<std::size_t>(find(stage) - wishes_.data());
    }

    /// The CPUs of stages that are placed already and that this one has to do with.
    [[nodiscard]] std::vector<const Cpu*> neighbours(const StageWish& w) const
    {
        std::vector<const Cpu*> out;
        for (std::size_t i = 0; i < wishes_.size(); ++i) {
            const bool linked =
                std::find(w.links.begin(), w.links.end(), wishes_[i].stage) != w.links.end() ||
                (w.wish == Wish::SAME_L3 && wishes_[i].stage == w.of);
            if (linked)
                for (const auto* c : chosen_[i]) out.push_back(c);
        }
        return out;
    }

    [[nodiscard]] Cost cost(const StageWish& w, const Cpu& c, const std::vector<const Cpu*>& near) const
    {
        const auto* card = w.wish == Wish::NEAR_CARD ? host_.card(w.of) : nullptr;
        const auto off_l3 = static_cast<unsigned>(
            std::count_if(near.begin(), near.end(), [&](const Cpu* n) { return n->l3 != c.l3; }));
        const auto off_node = static_cast<unsigned>(
            std::count_if(near.begin(), near.end(), [&](const Cpu* n) { return n->node != c.node; }));
        const unsigned crowded = taken_.on_siblings(c) + (taken_.core_is_owned(c) ? 1 : 0);
        const unsigned must_l3 = w.wish == Wish::SAME_L3 ? off_l3 : 0;
        const unsigned first = c.id == host_.cpus.front().id ? 1 : 0; // where the system's own work mostly is
        const unsigned own = w.wish == Wish::OWN_CORE ? crowded : 0;
        return {taken_.on(c),
                own,
                card != nullptr ? taken_.steps(c, card->node) : must_l3,
                crowded,
                c.isolated ? 0U : 1U,
                off_node,
                off_l3,
                first};
    }

    void take(std::size_t i)
    {
        const auto& w = wishes_[i];
        const auto near = neighbours(w);
        const Cpu* best = nullptr;
        Cost least{};
        for (const auto& c : host_.cpus) {
            if (w.wish == Wish::CPUS && std::find(w.cpus.begin(), w.cpus.end(), c.id) == w.cpus.end())
                continue;
            const auto costs = cost(w, c, near);
            if (best == nullptr || costs < least) best = &c, least = costs;
        }
        chosen_[i].push_back(best);
        reasons_[{i, chosen_[i].size() - 1}] = reason(w, *best, near);
        taken_.take(*best, i, w.wish == Wish::OWN_CORE);
    }

    /// What was known when the CPU was taken; sharing is added at the end.
    [[nodiscard]] std::string reason(const StageWish& w, const Cpu& c,
                                     const std::vector<const Cpu*>& near) const
    {
        std::vector<std::string> parts;
        if (w.wish == Wish::CPUS) parts.emplace_back("the file names it");
        if (w.wish == Wish::NEAR_CARD) {
            const auto node = host_.card(w.of)->node;
            constexpr const char* steps[] = {"on the node of", "in the package of", "far from"};
            parts.push_back(node < 0
                                ? fmt::format("{} is on no node in particular", w.of)
                                : fmt::format("{} {} (node {})", steps[taken_.steps(c, node)], w.of, node));
        }
        if (w.wish == Wish::OWN_CORE && taken_.on_siblings(c) == 0) parts.emplace_back("a core of its own");
        if (c.isolated) parts.emplace_back("isolated from other processes");
        if (!near.empty()) {
            const auto same =
                std::count_if(near.begin(), near.end(), [&](const Cpu* n) { return n->l3 == c.l3; });
            parts.push_back(same == static_cast<std::ptrdiff_t>(near.size())
                                ? "the L3 of what it is linked to"
                            : same > 0 ? "the L3 of some of what it is linked to"
                                       : "no CPU was free on the L3 of what it is linked to");
        }
        if (parts.empty()) parts.emplace_back("the next that is free");
        return fmt::format("{}", fmt::join(parts, ", "));
    }

    [[nodiscard]] std::string sharing(const Cpu& c, std::size_t i) const
    {
        std::vector<std::string> others;
        for (const auto o : taken_.stages_on(c))
            if (o != i) others.push_back(wishes_[o].stage);
        if (others.empty()) return taken_.on(c) > 1 ? "; its replicas take turns there" : "";
        const auto& here = taken_.stages_on(c);
        if (std::count_if(here.begin(), here.end(), [&](auto o) { return wishes_[o].wish != Wish::WITH; }) ==
            1)
            return wishes_[i].wish == Wish::WITH ? "" : fmt::format("; with it {}", fmt::join(others, ", "));
        return fmt::format("; it takes turns there with {}, since {} CPU{} for all stages",
                           fmt::join(others, ", "), host_.cpus.size(),
                           host_.cpus.size() == 1 ? " is there" : "s are there");
    }

    Placement finish()
    {
        Placement out;
        std::map<unsigned, unsigned> lcore_of;
        std::vector<unsigned> all;
        for (const auto& c : host_.cpus) {
            all.push_back(c.id);
            if (taken_.on(c) != 0) lcore_of.emplace(c.id, static_cast<unsigned>(lcore_of.size()) + 1);
        }
        out.lcores = fmt::format("0@({})", list_of(std::move(all)));
        for (const auto& [cpu, lcore] : lcore_of) out.lcores += fmt::format(",{}@{}", lcore, cpu);
        for (std::size_t i = 0; i < wishes_.size(); ++i)
            for (std::size_t r = 0; r < chosen_[i].size(); ++r) {
                const auto& c = *chosen_[i][r];
                out.choices.push_back(
                    {wishes_[i].stage, static_cast<unsigned>(r), c.id, lcore_of[c.id], taken_.on(c) > 1,
                     fmt::format("{} runs on CPU {} (core {}, L3 {}, node {}): {}{}.", name_of(i, r), c.id,
                                 c.core, c.l3, c.node, reasons_[{i, r}], sharing(c, i))});
                warn(i, r, c, out);
            }
        return out;
    }
    [[nodiscard]] std::string name_of(std::size_t i, std::size_t r) const
    {
        return wishes_[i].replicas == 1 ? wishes_[i].stage : fmt::format("{}.{}", wishes_[i].stage, r);
    }

    void warn(std::size_t i, std::size_t r, const Cpu& c, Placement& out) const
    {
        const auto& w = wishes_[i];
        const auto say = [&](std::string what) {
            out.warnings.push_back(fmt::format("{}: {}", name_of(i, r), what));
        };
        if (w.wish == Wish::OWN_CORE && taken_.on(c) + taken_.on_siblings(c) > 1)
            say("asked for a core of its own, and shares one");
        if (w.wish == Wish::NEAR_CARD && taken_.steps(c, host_.card(w.of)->node) != 0)
            say("no CPU near " + w.of + " was left");
        if (w.wish == Wish::SAME_L3) {
            const auto& other = chosen_[index_of(w.of)];
            if (std::none_of(other.begin(), other.end(), [&](const Cpu* o) { return o->l3 == c.l3; }))
                say("no CPU was left on the L3 of " + w.of);
        }
    }

    const Host& host_;
    const std::span<const StageWish> wishes_;
    std::vector<std::vector<const Cpu*>> chosen_;
    Occupancy taken_;
    std::map<std::pair<std::size_t, std::size_t>, std::string> reasons_;
};

} // namespace

Result<Placement> place_stages(const Host& host, std::span<const StageWish> wishes)
{
    return Placer(host, wishes).run();
}

} // namespace place
