// SPDX-License-Identifier: BSD-3-Clause
// Progressive filling: all sources are raised together until an lcore, a card or a source is at its end;
// those that feed it stay there, the others go on.
#include "pipeline/predict.hpp"
#include <algorithm>
#include <cmath>
#include <fmt/ranges.h>

namespace pipeline {

namespace {

/// Something that has an end: the part of it that one item/s of each source takes.
struct Resource {
    Limit limit;
    std::vector<double> per_item; ///< by source
};

class Predictor {
  public:
    Predictor(const PipelineSpec& spec, const place::Placement& placement, const Costs& costs)
        : spec_(spec), placement_(placement), costs_(costs)
    {}

    Result<Prediction> run()
    {
        QAIC_CHECK(check());
        flows();
        lcores();
        cards();
        offered();
        QAIC_CHECK(fill());
        return answer();
    }

  private:
    static bool sane(double v, bool may_be_zero)
    {
        return std::isfinite(v) && (v > 0 || (may_be_zero && v == 0));
    }

    Result<void> check() const
    {
        if (!sane(costs_.cpu_hz, false)) return fail(Code::E_INVAL, "prediction: cpu_hz must be above 0");
        for (const auto& s : spec_.stages)
            if (copies_of(s.name) == 0)
                return fail(Code::E_INVAL, "stage {}: the placement has no CPU for it", s.name);
        for (const auto& [name, c] : costs_.stages)
            for (const double v : {c.cycles_per_item, c.cycles_per_byte, c.bytes, c.out_per_in})
                if (!sane(v, true))
                    return fail(Code::E_INVAL, "stage {}: a cost must be 0 or more got={}", name, v);
        for (const auto& c : costs_.cards) {
            if (spec_.stage(c.stage) == nullptr)
                return fail(Code::E_INVAL, "{}: no stage \"{}\" to work for", c.card, c.stage);
            if (!sane(c.items_per_second, false) || !sane(c.latency_us, false) || c.depth == 0)
                return fail(Code::E_INVAL, "{}: items/s, latency and depth must be above 0", c.card);
        }
        for (const auto& [name, rate] : costs_.offered)
            if (spec_.stage(name) == nullptr || !is_source(name) || !sane(rate, false))
                return fail(Code::E_INVAL, "rate {} of \"{}\": takes a source and a rate above 0", rate,
                            name);
        return {};
    }
    [[nodiscard]] bool is_source(const std::string& stage) const
    {
        return std::none_of(spec_.links.begin(), spec_.links.end(),
                            [&](const auto& l) { return l.to == stage; });
    }
    [[nodiscard]] bool is_sink(const std::string& stage) const
    {
        return std::none_of(spec_.links.begin(), spec_.links.end(),
                            [&](const auto& l) { return l.from == stage; });
    }
    [[nodiscard]] std::ptrdiff_t copies_of(const std::string& stage) const
    {
        return std::count_if(placement_.choices.begin(), placement_.choices.end(),
                             [&](const auto& c) { return c.stage == stage; });
    }
    [[nodiscard]] StageCost cost_of(const std::string& stage) const
    {
        const auto at = costs_.stages.find(stage);
        return at != costs_.stages.end() ? at->second : StageCost{};
    }
    [[nodiscard]] std::size_t index_of(const std::string& stage) const
    {
        return static_cast<std::size_t>(spec_.stage(stage) - spec_.stages.data());
    }

    /// Items into each stage for one item of each source; stages come in the order of the flow.
    void flows()
    {
        for (const auto& s : spec_.stages)
            if (is_source(s.name)) sources_.push_back(s.name);
        flow_.assign(spec_.stages.size(), std::vector<double>(sources_.size(), 0));
        for (std::size_t i = 0; i < sources_.size(); ++i) flow_[index_of(sources_[i])][i] = 1;
        for (const auto& s : spec_.stages) {
            const double each = cost_of(s.name).out_per_in;
            for (const auto& l : spec_.links)
                if (l.from == s.name)
                    for (std::size_t i = 0; i < sources_.size(); ++i)
                        flow_[index_of(l.to)][i] += flow_[index_of(s.name)][i] * each;
        }
    }

    void lcores()
    {
        std::map<unsigned, std::vector<const place::Choice*>> by_lcore;
        for (const auto& c : placement_.choices) by_lcore[c.lcore].push_back(&c);
        for (const auto& [lcore, choices] : by_lcore) {
            Resource r{{Limit::Kind::LCORE, fmt::format("lcore {}", lcore), {}, {}},
                       std::vector<double>(sources_.size(), 0)};
            LcoreUse use{lcore, choices.front()->cpu, 0, {}};
            for (const auto* c : choices) {
                const auto cost = cost_of(c->stage);
                const double share = (cost.cycles_per_item + cost.cycles_per_byte * cost.bytes) /
                                     costs_.cpu_hz / static_cast<double>(copies_of(c->stage));
                for (std::size_t i = 0; i < sources_.size(); ++i)
                    r.per_item[i] += share * flow_[index_of(c->stage)][i];
                if (std::find(use.stages.begin(), use.stages.end(), c->stage) == use.stages.end())
                    use.stages.push_back(c->stage);
            }
            r.limit.why = fmt::format("lcore {} (CPU {}) has no cycle left for {}", lcore, use.cpu,
                                      fmt::join(use.stages, ", "));
            uses_.push_back(std::move(use));
            resources_.push_back(std::move(r));
        }
    }

    static double by_depth(const CardCost& c) { return c.depth * 1e6 / c.latency_us; }
    static double capacity(const CardCost& c) { return std::min(by_depth(c), c.items_per_second); }

    /// Two ends of a card: what one stage has in flight on it, and what it computes for all its stages.
    void cards()
    {
        std::map<std::string, Resource> computes;
        for (const auto& c : costs_.cards) {
            double all = 0;
            for (const auto& o : costs_.cards)
                if (o.stage == c.stage) all += capacity(o);
            const double part = capacity(c) / all;
            Resource depth{{Limit::Kind::CARD, c.card, {}, depth_words(c)}, flow_[index_of(c.stage)]};
            for (auto& f : depth.per_item) f *= part / by_depth(c);
            resources_.push_back(std::move(depth));
            auto& whole = computes[c.card];
            whole.per_item.resize(sources_.size(), 0);
            whole.limit = {
                Limit::Kind::CARD,
                c.card,
                {},
                fmt::format("{} limits: {:.0f}/s is all that it computes", c.card, c.items_per_second)};
            for (std::size_t i = 0; i < sources_.size(); ++i)
                whole.per_item[i] += flow_[index_of(c.stage)][i] * part / c.items_per_second;
        }
        for (auto& [card, r] : computes) resources_.push_back(std::move(r));
    }
    static std::string depth_words(const CardCost& c)
    {
        const double wanted = std::ceil(c.items_per_second * c.latency_us / 1e6 - 1e-9);
        return fmt::format(
            "{} limits stage {}: {:.0f}/s at depth {} with {:.0f} us each; depth {:.0f} would allow "
            "{:.0f}/s",
            c.card, c.stage, by_depth(c), c.depth, c.latency_us, wanted,
            std::min(wanted * 1e6 / c.latency_us, c.items_per_second));
    }

    void offered()
    {
        for (std::size_t i = 0; i < sources_.size(); ++i) {
            const auto rate = costs_.offered.find(sources_[i]);
            if (rate == costs_.offered.end()) continue;
            Resource r{{Limit::Kind::SOURCE, "source " + sources_[i], {}, {}},
                       std::vector<double>(sources_.size(), 0)};
            r.per_item[i] = 1 / rate->second;
            r.limit.why = fmt::format("source {} has no more than {:.0f}/s", sources_[i], rate->second);
            resources_.push_back(std::move(r));
        }
    }

    Result<void> fill()
    {
        rate_.assign(sources_.size(), 0);
        std::vector<bool> open(sources_.size(), true);
        std::vector<double> used(resources_.size(), 0);
        while (std::find(open.begin(), open.end(), true) != open.end()) {
            const Resource* tight = nullptr;
            double least = 0;
            for (std::size_t r = 0; r < resources_.size(); ++r) {
                const double slope = growth(resources_[r], open);
                if (slope <= 0) continue;
                const double step = std::max(0.0, (1 - used[r]) / slope);
                if (tight == nullptr || step < least) tight = &resources_[r], least = step;
            }
            if (tight == nullptr)
                return fail(Code::E_INVAL, "nothing limits source {}: its costs and its rate are not known",
                            sources_[static_cast<std::size_t>(std::find(open.begin(), open.end(), true) -
                                                              open.begin())]);
            for (std::size_t r = 0; r < resources_.size(); ++r)
                used[r] += least * growth(resources_[r], open);
            auto limit = tight->limit;
            for (std::size_t i = 0; i < sources_.size(); ++i) {
                if (!open[i]) continue;
                rate_[i] += least;
                if (tight->per_item[i] <= 0) continue;
                open[i] = false;
                limit.sources.push_back(sources_[i]);
            }
            limits_.push_back(std::move(limit));
        }
        return {};
    }
    static double growth(const Resource& r, const std::vector<bool>& open)
    {
        double sum = 0;
        for (std::size_t i = 0; i < open.size(); ++i)
            if (open[i]) sum += r.per_item[i];
        return sum;
    }
    [[nodiscard]] double taken(const std::vector<double>& per_item) const
    {
        double sum = 0;
        for (std::size_t i = 0; i < rate_.size(); ++i) sum += per_item[i] * rate_[i];
        return sum;
    }

    Prediction answer()
    {
        Prediction out;
        for (std::size_t s = 0; s < spec_.stages.size(); ++s) {
            out.stages.push_back({spec_.stages[s].name, taken(flow_[s])});
            if (is_sink(spec_.stages[s].name)) out.items_per_second += out.stages.back().in;
        }
        for (std::size_t i = 0; i < uses_.size(); ++i) uses_[i].share = taken(resources_[i].per_item);
        out.lcores = std::move(uses_);
        out.limits = std::move(limits_);
        out.warnings = doubts(spec_, placement_, costs_);
        for (std::size_t i = 0; i < sources_.size(); ++i) overload(i, out);
        return out;
    }
    /// A source that has more than goes through: what becomes of the rest is its link's to say.
    void overload(std::size_t i, Prediction& out) const
    {
        const auto offer = costs_.offered.find(sources_[i]);
        if (offer == costs_.offered.end() || rate_[i] >= offer->second * (1 - 1e-9)) return;
        for (const auto& l : spec_.links)
            if (l.from == sources_[i])
                out.warnings.push_back(
                    fmt::format("{} has {:.0f}/s and {:.0f}/s go through: its link to {} fills up ({})",
                                sources_[i], offer->second, rate_[i], l.to, word_of(l.when_full)));
    }

    const PipelineSpec& spec_;
    const place::Placement& placement_;
    const Costs& costs_;
    std::vector<std::string> sources_;
    std::vector<std::vector<double>> flow_; ///< by stage, then source
    std::vector<Resource> resources_;       ///< lcores first, as uses_ has them
    std::vector<LcoreUse> uses_;
    std::vector<double> rate_; ///< by source, items/s
    std::vector<Limit> limits_;
};

} // namespace

Result<Prediction> predict(const PipelineSpec& spec, const place::Placement& placement, const Costs& costs)
{
    return Predictor(spec, placement, costs).run();
}

std::string prediction_text(const PipelineSpec& spec, const Prediction& p)
{
    std::string out = fmt::format("{}: {:.0f} items/s into its sinks\n\n", spec.name, p.items_per_second);
    for (const auto& s : p.stages) out += fmt::format("stage {:<24} {:>12.0f}/s\n", s.stage, s.in);
    for (const auto& l : p.lcores)
        out += fmt::format("lcore {:<24} {:>11.1f} %  {}\n", fmt::format("{} (CPU {})", l.lcore, l.cpu),
                           100 * l.share, fmt::join(l.stages, ", "));
    out += '\n';
    for (const auto& l : p.limits)
        out += fmt::format("bottleneck of {}: {}\n", fmt::join(l.sources, ", "), l.why);
    for (const auto& w : p.warnings) out += fmt::format("warning: {}\n", w);
    return out;
}

} // namespace pipeline
