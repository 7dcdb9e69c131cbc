// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/draw/graph_words.hpp"
#include <algorithm>
#include <fmt/ranges.h>
#include <set>

namespace pipeline::draw {

namespace {

/// All copies of a stage; of latency the copy with the worst p99.
struct StageSum {
    std::uint64_t moved = 0, busy = 0;
    std::set<unsigned> lcores;
    std::vector<Count> dropped;
    std::size_t copies = 0;
    Percentiles worst;
};

StageSum sum_of(const PipelineSnapshot& shot, const std::string& stage)
{
    StageSum sum;
    for (const auto& s : shot.stages) {
        if (s.name != stage) continue;
        ++sum.copies;
        sum.moved += s.out, sum.busy += s.busy_cycles;
        sum.lcores.insert(s.lcore);
        if (s.latency.samples != 0 && (sum.worst.samples == 0 || s.latency.p99 > sum.worst.p99))
            sum.worst = s.latency;
        for (const auto& d : s.dropped) {
            const auto at = std::find_if(sum.dropped.begin(), sum.dropped.end(),
                                         [&](const Count& c) { return c.name == d.name; });
            if (at != sum.dropped.end())
                at->value += d.value;
            else
                sum.dropped.push_back(d);
        }
    }
    return sum;
}

struct LinkSum {
    std::uint64_t moved = 0, waiting = 0, dropped = 0, bursts = 0, full = 0;
    std::uint32_t depth = 0, high = 0; ///< of one queue; of the fullest
    bool found = false;
};

LinkSum sum_of(const PipelineSnapshot& shot, const LinkSpec& link)
{
    LinkSum sum;
    for (const auto& l : shot.links) {
        if (l.from != link.from || l.to != link.to) continue;
        sum.found = true;
        sum.moved += l.moved, sum.waiting += l.waiting, sum.dropped += l.dropped;
        sum.bursts += l.bursts, sum.full += l.full_bursts;
        sum.depth = l.depth, sum.high = std::max(sum.high, l.high_water);
    }
    return sum;
}

class Words {
  public:
    explicit Words(const GraphInput& in) : in_(in)
    {
        if (in.now != nullptr) seconds_ = in.now->seconds - (in.before != nullptr ? in.before->seconds : 0);
    }

    [[nodiscard]] Graph graph() const
    {
        Graph g;
        g.title = in_.spec.name;
        if (in_.now != nullptr) whole(g);
        for (const auto& s : in_.spec.stages) g.nodes.push_back(node(s));
        for (const auto& l : in_.spec.links) g.edges.push_back(edge(l));
        return g;
    }

  private:
    /// Of what has grown from `before` to `now`; nothing grows in no time.
    [[nodiscard]] std::string rate(std::uint64_t now, std::uint64_t before) const
    {
        const auto grown = now >= before ? now - before : now;
        return rate_words(seconds_ > 0 ? static_cast<double>(grown) / seconds_ : 0);
    }
    void whole(Graph& g) const
    {
        const auto& now = *in_.now;
        g.lines.push_back(fmt::format("running for {:.1f} s, rates of {} {:.1f} s", now.seconds,
                                      in_.before != nullptr ? "the last" : "all", seconds_));
        g.lines.push_back(fmt::format("in {} = out {} + dropped {} + in flight {}", now.ledger.in,
                                      now.ledger.out, now.ledger.dropped, now.ledger.in_flight));
        if (now.end_to_end.samples != 0)
            g.lines.push_back(fmt::format("end to end p50 {:.1f} us, p99 {:.1f} us, p99.9 {:.1f} us",
                                          now.end_to_end.p50, now.end_to_end.p99, now.end_to_end.p999));
    }
    [[nodiscard]] GraphNode node(const StageSpec& s) const
    {
        GraphNode n{s.name, {}};
        n.lines.push_back(s.replicas > 1 ? fmt::format("{}, {} copies{}", s.kind, s.replicas,
                                                       s.ordered ? "" : ", unordered")
                                         : s.kind);
        std::set<unsigned> lcores;
        if (in_.placement != nullptr)
            for (const auto& c : in_.placement->choices)
                if (c.stage == s.name) lcores.insert(c.lcore);
        if (in_.now == nullptr) {
            add_lcores(n, lcores);
            return n;
        }
        const auto now = sum_of(*in_.now, s.name);
        const auto before = in_.before != nullptr ? sum_of(*in_.before, s.name) : StageSum{};
        add_lcores(n, now.lcores.empty() ? lcores : now.lcores);
        n.lines.push_back(rate(now.moved, before.moved));
        const double cycles =
            seconds_ * in_.now->tsc_hz * static_cast<double>(std::max(now.copies, std::size_t{1}));
        if (cycles > 0 && now.busy >= before.busy) {
            n.busy = static_cast<double>(now.busy - before.busy) / cycles;
            n.lines.push_back(fmt::format("busy {:.0f} %", 100 * n.busy));
        }
        if (now.worst.samples != 0)
            n.lines.push_back(fmt::format("p50 {:.1f} p99 {:.1f} us", now.worst.p50, now.worst.p99));
        for (const auto& d : now.dropped) {
            if (d.value == 0) continue;
            n.lines.push_back(fmt::format("dropped {}: {}", d.name, d.value));
            n.drops = true;
        }
        return n;
    }
    static void add_lcores(GraphNode& n, const std::set<unsigned>& lcores)
    {
        if (!lcores.empty())
            n.lines.push_back(fmt::format("lcore{} {}", lcores.size() == 1 ? "" : "s",
                                          place::list_of({lcores.begin(), lcores.end()})));
    }
    [[nodiscard]] std::size_t index_of(const std::string& stage) const
    {
        return static_cast<std::size_t>(in_.spec.stage(stage) - in_.spec.stages.data());
    }
    [[nodiscard]] GraphEdge edge(const LinkSpec& l) const
    {
        GraphEdge e{
            index_of(l.from), index_of(l.to), {fmt::format("depth {}, {}", l.depth, word_of(l.when_full))}};
        if (in_.now == nullptr) return e;
        const auto now = sum_of(*in_.now, l);
        if (!now.found) { // one lcore runs both ends: nothing is queued
            e.lines = {"same lcore"};
            return e;
        }
        const auto before = in_.before != nullptr ? sum_of(*in_.before, l) : LinkSum{};
        e.fullest = now.depth != 0 ? static_cast<double>(now.high) / now.depth : 0;
        e.lines.push_back(rate(now.moved, before.moved));
        e.lines.push_back(
            fmt::format("waiting {}, high {} ({:.0f} %)", now.waiting, now.high, 100 * e.fullest));
        if (now.full != 0)
            e.lines.push_back(fmt::format("full {:.1f} % of bursts",
                                          100.0 * static_cast<double>(now.full) /
                                              static_cast<double>(std::max(now.bursts, now.full))));
        if (now.dropped != 0) e.lines.push_back(fmt::format("dropped {}", now.dropped)), e.drops = true;
        return e;
    }

    const GraphInput& in_;
    double seconds_ = 0;
};

} // namespace

std::string rate_words(double per_second)
{
    if (per_second >= 1e6) return fmt::format("{:.3g} M/s", per_second / 1e6);
    if (per_second >= 1e4) return fmt::format("{:.3g} k/s", per_second / 1e3);
    return fmt::format("{:.{}f}/s", per_second, per_second < 100 ? 1 : 0);
}

Graph graph_of(const GraphInput& input) { return Words(input).graph(); }

} // namespace pipeline::draw
