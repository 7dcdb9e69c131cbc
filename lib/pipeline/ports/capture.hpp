// SPDX-License-Identifier: BSD-3-Clause
// A capture file in memory. No DPDK.
#pragma once
#include "base/result.hpp"
#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

namespace pipeline::ports {
using namespace qaic;

struct Record {
    std::uint64_t at = 0; ///< of its bytes, in the capture's
    std::uint32_t bytes = 0;
    std::uint64_t ns = 0; ///< since 1970
};

/// Immutable once loaded.
struct Capture {
    std::vector<std::byte> data;
    std::vector<Record> records; ///< in the order of the file
    std::uint32_t largest = 0;   ///< bytes of the largest record
    std::uint64_t span_ns = 0;   ///< from the earliest to the latest

    [[nodiscard]] std::span<const std::byte> bytes(const Record& r) const
    {
        return std::span(data).subspan(r.at, r.bytes);
    }
};

struct CaptureLimits {
    std::uint64_t bytes = std::uint64_t{1} << 30; ///< of all records
    std::uint32_t record = 65535 - 128;           ///< of one: an mbuf's 16 bits, less its headroom
};

/// E_INVAL: cannot be opened or is not of Ethernet; E_FORMAT: damaged, with the number of the packet, from 1;
/// E_LIMIT: larger than the limits.
Result<Capture> load_capture(const std::filesystem::path& path, const CaptureLimits& limits = {});

} // namespace pipeline::ports
