// SPDX-License-Identifier: BSD-3-Clause
// The core's log goes to DPDK's log types pmd.ml.qaic and pmd.ml.qaic.PART; what is an error or a warning is
// kept for telemetry, too.
#include "qaic/log.hpp"
#include "qaic/seen/error_log.hpp"
#include <rte_common.h>
#include <rte_log.h>

RTE_LOG_REGISTER_DEFAULT(qaic_logtype, NOTICE)
RTE_LOG_REGISTER_SUFFIX(qaic_logtype_mhi, mhi, NOTICE)
RTE_LOG_REGISTER_SUFFIX(qaic_logtype_nnc, nnc, NOTICE)
RTE_LOG_REGISTER_SUFFIX(qaic_logtype_dbc, dbc, NOTICE)
RTE_LOG_REGISTER_SUFFIX(qaic_logtype_bus, bus, NOTICE)

namespace qaic {
namespace {

int type_of(LogPart part) noexcept
{
    switch (part) {
    case LogPart::MHI: return qaic_logtype_mhi;
    case LogPart::NNC: return qaic_logtype_nnc;
    case LogPart::DBC: return qaic_logtype_dbc;
    case LogPart::BUS: return qaic_logtype_bus;
    case LogPart::DRIVER: break;
    }
    return qaic_logtype;
}

void to_rte(LogAt at, std::string_view line) noexcept
{
    static constexpr std::uint32_t levels[] = {RTE_LOG_ERR, RTE_LOG_WARNING, RTE_LOG_NOTICE, RTE_LOG_INFO,
                                               RTE_LOG_DEBUG};
    const auto i = static_cast<std::size_t>(at.level);
    rte_log(i < std::size(levels) ? levels[i] : RTE_LOG_ERR, static_cast<std::uint32_t>(type_of(at.part)),
            "QAIC: %.*s\n", static_cast<int>(line.size()), line.data());
    if (at.level <= LogLevel::WARNING) ErrorLog::note(at, line);
}

RTE_INIT(qaic_log_init) { set_log_sink(&to_rte); }

} // namespace
} // namespace qaic
