// SPDX-License-Identifier: BSD-3-Clause
#include "environment.hpp"

#include "build_info.hpp"
#include "host.hpp"

#include <algorithm>
#include <ctime>
#include <fmt/chrono.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_version.h>

namespace qaic::perf {

namespace {

/// Mean ticks from one reading of the TSC to the next.
std::uint64_t timer_cost()
{
    constexpr std::uint64_t readings = 10000;
    const auto first = rte_rdtsc();
    auto last = first;
    for (std::uint64_t i = 0; i < readings; ++i) last = rte_rdtsc();
    return (last - first) / readings;
}

} // namespace

Environment describe_environment()
{
    Environment e;
    e.tool_version = QAIC_PERF_VERSION;
    e.commit = build_commit;
#if defined(__clang__)
    e.compiler = __VERSION__;
#else
    e.compiler = "g++ " __VERSION__;
#endif
    e.dpdk = rte_version();
    e.cpu = eal::cpu_model();
    e.kernel = eal::kernel_release();
    e.date = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
    e.lcore = rte_lcore_id();
    e.hugepages = rte_eal_has_hugepages() != 0;
    e.iova_mode = rte_eal_iova_mode() == RTE_IOVA_VA ? "VA" : "PA";
    e.tsc_hz = std::max<std::uint64_t>(rte_get_tsc_hz(), 1);
    e.timer_ticks = timer_cost();
    return e;
}

} // namespace qaic::perf
