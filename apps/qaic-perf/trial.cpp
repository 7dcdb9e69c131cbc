// SPDX-License-Identifier: BSD-3-Clause
#include "trial.hpp"

#include <cmath>
#include <cstdlib>

namespace qaic::perf {

Result<std::unique_ptr<Report>> measure_trial(Session& session, const TrialPlan& plan)
{
    auto r = session.report();
    auto& o = r->options;
    o.rate = plan.rate;
    o.time = plan.seconds;
    o.count = plan.count;
    if (plan.depth != 0) o.queue_depth = plan.depth;
    if (plan.burst != 0) o.burst = plan.burst;
    if (plan.lcores != 0) o.lcores = plan.lcores;
    o.burst = std::min(o.burst, o.queue_depth);
    QAIC_CHECK(measure(session, *r));
    if (r->measure.stalled)
        return fail(Code::E_TIMEOUT,
                    "waited {:.2f} s for {} ops in flight and none came back (limit: --wait-limit)",
                    r->measure.waited, r->measure.ledger.in_flight);
    if (auto problems = measured_output_problems(*r); !problems.empty())
        return fail(Code::E_STATE, "{}", problems.front());
    return r;
}

Result<std::uint64_t> parse_time(std::string_view option, std::string_view text)
{
    struct Unit {
        std::string_view name;
        double ns;
    };
    static constexpr Unit units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
    const std::string copy(text);
    char* end = nullptr;
    const auto value = std::strtod(copy.c_str(), &end);
    const std::string_view rest(end);
    for (const auto& u : units)
        if (end != copy.c_str() && rest == u.name && std::isfinite(value) && value * u.ns >= 1 &&
            value * u.ns < 1e15)
            return static_cast<std::uint64_t>(std::llround(value * u.ns));
    return fail(Code::E_INVAL, "{} takes a time like 2ms (ns, us, ms, s; up to 10 days) got=\"{}\"", option,
                text);
}

} // namespace qaic::perf
