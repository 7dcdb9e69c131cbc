// SPDX-License-Identifier: BSD-3-Clause
// A memory dump the card can offer: a table of 64-byte entries and the regions it names, all at device
// addresses. Used by SSR (aic100-device.md 6.1) and by Sahara's memory-debug mode (3.4).
#pragma once
#include "aic100/wire/sahara.hpp"
#include "base/bytes.hpp"
#include "base/checked.hpp"
#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace card {
using namespace qaic;

/// Device address of the table; regions must lie elsewhere.
inline constexpr std::uint64_t dump_table_address = 0x1000'0000;

struct DumpRegion {
    std::uint64_t address = 0, preference = 0;
    std::string description, file; ///< at most 19 characters reach the table
    Bytes data;
};

class CrashDump {
  public:
    CrashDump() = default;
    explicit CrashDump(std::vector<DumpRegion> regions) : regions_(std::move(regions))
    {
        for (const auto& region : regions_) {
            aic100::DumpEntry entry{region.preference, region.address, region.data.size(), {}, {}};
            copy_text(entry.description, region.description);
            copy_text(entry.file, region.file);
            append(table_, entry);
        }
    }
    [[nodiscard]] bool empty() const noexcept { return regions_.empty(); }
    [[nodiscard]] std::uint64_t table_bytes() const noexcept { return table_.size(); }
    [[nodiscard]] const std::vector<DumpRegion>& regions() const noexcept { return regions_; }

    /// Up to `length` bytes at a device address, fewer at the end of the table or region; nothing when the
    /// address belongs to neither.
    [[nodiscard]] std::optional<Bytes> read(std::uint64_t address, std::uint64_t length) const
    {
        if (auto bytes = part(table_, dump_table_address, address, length)) return bytes;
        for (const auto& region : regions_)
            if (auto bytes = part(region.data, region.address, address, length)) return bytes;
        return std::nullopt;
    }

  private:
    static std::optional<Bytes> part(const Bytes& from, std::uint64_t at, std::uint64_t address,
                                     std::uint64_t length)
    {
        if (address < at || address - at >= from.size()) return std::nullopt;
        const auto offset = address - at;
        const auto n = std::min<std::uint64_t>(length, from.size() - offset);
        const auto first = from.begin() + static_cast<std::ptrdiff_t>(offset);
        return Bytes(first, first + static_cast<std::ptrdiff_t>(n));
    }
    template<std::size_t N>
    static void copy_text(char (&to)[N], const std::string& text)
    {
        std::memcpy(to, text.data(), std::min(text.size(), N - 1));
    }
    std::vector<DumpRegion> regions_;
    Bytes table_;
};

} // namespace card
