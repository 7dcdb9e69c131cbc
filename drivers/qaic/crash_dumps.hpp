// SPDX-License-Identifier: BSD-3-Clause
// Crash dumps as files. They hold model and user data: nobody else may read them, nothing is overwritten, no
// link is followed, and there is a limit to their size and number (reliability.md, outputs).
#pragma once
#include "base/bytes.hpp"
#include "base/result.hpp"
#include <string>
#include <string_view>

namespace qaic {

/// Where to, and how much.
struct CrashDumpPlace {
    static constexpr std::uint64_t least = 1u << 16, most = 1u << 30;
    static constexpr std::size_t most_files = 16; ///< of a device, however often its workloads crash

    std::string directory;            ///< empty: crash dumps are declined
    std::uint64_t bytes = 256u << 20; ///< of one dump
    [[nodiscard]] std::uint64_t accepts() const noexcept { return directory.empty() ? 0 : bytes; }
};

/// One that was read, on its way to its file.
struct CrashDump {
    std::uint16_t dbc = 0, model = 0;
    bool cut = false;
    Bytes container;
};

/// E_INVAL when there is a directory and it is none, cannot be written to, or `bytes` is out of range.
[[nodiscard]] Result<void> check_place(const CrashDumpPlace& place, std::string_view device);
/// Writes a new file "<device>-dbc<dbc>-<n>.qaicdump", n the first of 0 to 99 that is not there
/// yet, mode 0600; its path. Nothing is left after an error. May block as long as the disk does.
[[nodiscard]] Result<std::string> write_crash_dump(const CrashDumpPlace& place, std::string_view device,
                                                   const CrashDump& dump);

} // namespace qaic
