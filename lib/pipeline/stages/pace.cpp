// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/pace.hpp"

namespace pipeline {

Result<std::unique_ptr<Pace>> Pace::make(const Options& options, double tsc_hz)
{
    static constexpr std::string_view words[] = {"even", "poisson"};
    load::ArrivalPlan plan;
    QAIC_TRY(plan.per_second, options.real("rate", 0, 1e9, 0.0));
    QAIC_TRY(const auto kind, options.choice("arrivals", words, 0));
    plan.kind = kind == 0 ? load::ArrivalKind::FIXED : load::ArrivalKind::POISSON;
    QAIC_TRY(const auto seed, options.integer("seed", 0, std::numeric_limits<std::int64_t>::max(), 1));
    plan.seed = static_cast<std::uint64_t>(seed);
    if (plan.per_second != 0 && load::check(plan).has_value() == false)
        return options.wrong("rate", "0, or items a second");
    return std::make_unique<Pace>(plan, tsc_hz);
}

} // namespace pipeline
