// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/draw/host_boxes.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace pipeline::draw {

namespace {

using place::Cpu;
using Kind = Box::Kind;
using Cpus = std::vector<const Cpu*>;

constexpr std::size_t whole_up_to = 16; ///< CPUs: hosts that are shown with all their cores

struct Look {
    double padding, gap, label;
};
/// By Kind. Stages lie further apart: arrows between those of one CPU need to be seen.
constexpr Look looks[] = {{16, 18, 14}, {12, 14, 12}, {10, 12, 11}, {8, 10, 10}, {8, 16, 10},
                          {6, 0, 10},   {8, 0, 10},   {8, 8, 10},   {7, 0, 11},  {8, 0, 11}};

const Look& look(Kind kind) { return looks[static_cast<std::size_t>(kind)]; }

std::string counted(std::size_t n, std::string_view what)
{
    return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

template<class Part>
std::map<unsigned, Cpus> by(const Cpus& cpus, Part part)
{
    std::map<unsigned, Cpus> out;
    for (const auto* c : cpus) out[c->*part].push_back(c);
    return out;
}

class Maker {
  public:
    Maker(const place::Host& host, const place::Placement& placement) : host_(host), placement_(placement)
    {
        for (std::size_t i = 0; i < placement.choices.size(); ++i) on_[placement.choices[i].cpu].push_back(i);
    }

    [[nodiscard]] Box host() const
    {
        Box out{Kind::HOST, fmt::format("{}: {}, {}", host_.name, counted(host_.cores(), "core"),
                                        counted(host_.cpus.size(), "CPU"))};
        if (auto nowhere = cards(-1); !nowhere.inside.empty()) out.inside.push_back(std::move(nowhere));
        Cpus all;
        for (const auto& c : host_.cpus) all.push_back(&c);
        for (const auto& [package, cpus] : by(all, &Cpu::package))
            for (const auto& [number, part] : by(cpus, &Cpu::node))
                out.inside.push_back(node(package, number, part));
        return out;
    }

  private:
    [[nodiscard]] bool folds() const { return host_.cpus.size() > whole_up_to; }
    [[nodiscard]] bool idle(const Cpus& cpus) const
    {
        return std::none_of(cpus.begin(), cpus.end(), [&](const Cpu* c) { return on_.contains(c->id); });
    }
    /// Those that hang on a node; node < 0: on none, or on one that none of our CPUs is on.
    [[nodiscard]] Box cards(int node) const
    {
        const auto known = [&](int n) {
            return n >= 0 && std::any_of(host_.cpus.begin(), host_.cpus.end(),
                                         [&](const Cpu& c) { return c.node == static_cast<unsigned>(n); });
        };
        Box out{Kind::CARDS, node < 0 ? "cards on no node in particular" : "cards"};
        for (std::size_t i = 0; i < host_.cards.size(); ++i) {
            const auto& card = host_.cards[i];
            if (node < 0 ? !known(card.node) : card.node == node)
                out.inside.push_back({Kind::CARD, card.name, {}, {}, i});
        }
        return out;
    }
    [[nodiscard]] Box node(unsigned package, unsigned number, const Cpus& cpus) const
    {
        Box out{Kind::NODE, fmt::format("package {}, NUMA node {}", package, number)};
        if (auto here = cards(static_cast<int>(number)); !here.inside.empty())
            out.inside.push_back(std::move(here));
        std::size_t idle_l3 = 0, idle_cores = 0;
        for (const auto& [l3, part] : by(cpus, &Cpu::l3)) {
            if (folds() && idle(part))
                ++idle_l3, idle_cores += by(part, &Cpu::core).size();
            else
                out.inside.push_back(cache(l3, part));
        }
        if (idle_l3 != 0)
            out.inside.push_back(
                {Kind::IDLE, fmt::format("{} idle ({} L3)", counted(idle_cores, "core"), idle_l3)});
        return out;
    }
    [[nodiscard]] Box cache(unsigned l3, const Cpus& cpus) const
    {
        Box out{Kind::L3, fmt::format("L3 {}", l3)};
        std::size_t idle_cores = 0;
        for (const auto& [number, part] : by(cpus, &Cpu::core)) {
            if (folds() && idle(part))
                ++idle_cores;
            else
                out.inside.push_back(core(number, part));
        }
        if (idle_cores != 0) out.inside.push_back({Kind::IDLE, counted(idle_cores, "core") + " idle"});
        return out;
    }
    [[nodiscard]] Box core(unsigned number, const Cpus& cpus) const
    {
        Box out{Kind::CORE, fmt::format("core {}", number)};
        for (const auto* c : cpus) out.inside.push_back(cpu(*c));
        return out;
    }
    [[nodiscard]] Box cpu(const Cpu& c) const
    {
        const auto at = on_.find(c.id);
        if (at == on_.end()) return {Kind::IDLE_CPU, fmt::format("CPU {}", c.id)};
        const auto& first = placement_.choices[at->second.front()];
        Box out{Kind::CPU, fmt::format("CPU {}, lcore {}", c.id, first.lcore)};
        for (const auto i : at->second) {
            const auto& choice = placement_.choices[i];
            out.inside.push_back(
                {Kind::STAGE,
                 copies(choice.stage) > 1 ? fmt::format("{}.{}", choice.stage, choice.replica) : choice.stage,
                 {},
                 {},
                 i});
        }
        return out;
    }
    [[nodiscard]] std::ptrdiff_t copies(const std::string& stage) const
    {
        return std::count_if(placement_.choices.begin(), placement_.choices.end(),
                             [&](const auto& c) { return c.stage == stage; });
    }

    const place::Host& host_;
    const place::Placement& placement_;
    std::map<unsigned, std::vector<std::size_t>> on_; ///< choices by CPU
};

/// Cards stand above what they hang on; stages of a CPU one below the other, in the order they take turns.
bool ends_row(const Box& parent, const Box& child)
{
    return child.kind == Kind::CARDS || (parent.kind == Kind::CPU && parent.inside.size() <= 8);
}

} // namespace

double label_size(Kind kind) { return look(kind).label; }

Box host_boxes(const place::Host& host, const place::Placement& placement)
{
    return Maker(host, placement).host();
}

void arrange(Box& box, double x, double y, double width)
{
    const auto& l = look(box.kind);
    const double label = text_width(box.label, l.label);
    box.at = {x, y, label + 2 * l.padding, l.label + (box.inside.empty() ? l.padding * 1.4 : 2 * l.padding)};
    const double left = x + l.padding, room = width - 2 * l.padding;
    double at_x = left, at_y = y + l.label + 1.4 * l.padding, row = 0;
    bool fresh = true;
    for (auto& child : box.inside) {
        arrange(child, at_x, at_y, room);
        if (!fresh && child.at.right() > left + room) {
            at_x = left, at_y += row + l.gap, row = 0;
            arrange(child, at_x, at_y, room);
        }
        row = std::max(row, child.at.h), fresh = false;
        box.at.w = std::max(box.at.w, child.at.right() + l.padding - x);
        box.at.h = std::max(box.at.h, child.at.bottom() + l.padding - y);
        at_x = child.at.right() + l.gap;
        if (ends_row(box, child)) at_x = left, at_y += row + l.gap, row = 0, fresh = true;
    }
}

} // namespace pipeline::draw
