// SPDX-License-Identifier: BSD-3-Clause
// Registers the telemetry commands when the driver is loaded.
#include "qaic/log.hpp"
#include "qaic/seen/answers.hpp"
#include <rte_common.h>

namespace qaic::seen {
namespace {

int on_command(const char* path, const char* params, rte_tel_data* reply)
{
    return answer(path, params, reply);
}

RTE_INIT(qaic_telemetry_init)
{
    // A command that cannot be registered is missing in /help, no more: the library has room for thousands.
    for (const auto& c : commands()) (void)rte_telemetry_register_cmd(c.path, &on_command, c.help);
}

} // namespace
} // namespace qaic::seen
