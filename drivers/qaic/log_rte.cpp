// SPDX-License-Identifier: BSD-3-Clause
// The core's log goes to DPDK's log type pmd.ml.qaic.
#include "qaic/log.hpp"
#include <rte_common.h>
#include <rte_log.h>

RTE_LOG_REGISTER_DEFAULT(qaic_logtype, NOTICE)

namespace qaic {
namespace {

void to_rte(LogLevel level, std::string_view line) noexcept
{
    static constexpr std::uint32_t levels[] = {RTE_LOG_ERR, RTE_LOG_WARNING, RTE_LOG_NOTICE, RTE_LOG_INFO,
                                               RTE_LOG_DEBUG};
    const auto i = static_cast<std::size_t>(level);
    rte_log(i < std::size(levels) ? levels[i] : RTE_LOG_ERR, static_cast<std::uint32_t>(qaic_logtype),
            "QAIC: %.*s\n", static_cast<int>(line.size()), line.data());
}

RTE_INIT(qaic_log_init) { set_log_sink(&to_rte); }

} // namespace
} // namespace qaic
