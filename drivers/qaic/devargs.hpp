// SPDX-License-Identifier: BSD-3-Clause
// Options of a device, as in --vdev=ml_qaic_emu0,nsps=4 or -a 0000:01:00.0,attach=warm. One table; unknown
// keys, keys given twice and values out of range are errors that say what is allowed.
#pragma once
#include "qaic/controller.hpp"
#include "qaic/crash_dumps.hpp"
#include "qaic/dbc/channel.hpp"
#include <optional>
#include <string>

namespace qaic {

/// PCI: a real card. EMULATED: a card of this process. VFIO_USER: a card that qaic-card serves.
enum class DeviceKind : std::uint8_t { PCI = 1, EMULATED = 2, VFIO_USER = 4 };

struct DevArgs {
    std::string firmware; ///< fw=DIR: only this directory
    std::string socket;   ///< socket=PATH of qaic-card; never empty for VFIO_USER
    std::uint64_t ddr = 32ull << 30;
    unsigned nsps = 16;
    std::optional<unsigned> cpu; ///< where the emulated card's thread runs
    Nanos idle = 20us;           ///< its sleep when there is nothing to do; 0 = it spins
    AttachPolicy attach = AttachPolicy::SOC_RESET;
    Nanos op_timeout = 5s;
    Nanos housekeeping = 10ms;
    unsigned instances = 1;                                  ///< activations of each model
    bool recover = true;                                     ///< a lost card is booted again
    CrashDumpPlace crash_dumps;                              ///< no directory: declined
    dbc::Completions completions = dbc::Completions::MEMORY; ///< where finished operations are looked for
};

/// `args` may be null or empty. E_INVAL names the key.
[[nodiscard]] Result<DevArgs> parse_devargs(const char* args, DeviceKind kind);
/// "fw=<dir>,attach=reset|warm,..." for pmdinfo.
[[nodiscard]] std::string devargs_help(DeviceKind kind);

/// Where firmware is looked for, best first: fw=, else QAIC_FIRMWARE_PATH (colons between), the build's own
/// files (emulated and served cards only) and /lib/firmware.
[[nodiscard]] std::vector<std::string> firmware_path(const DevArgs& args, DeviceKind kind);

} // namespace qaic
