// SPDX-License-Identifier: BSD-3-Clause
// A crash dump being read from the card: first its table, then every region the table names, one request at a
// time, into the container that Linux's driver publishes (u64 magic, version, total size, table size; table;
// regions back to back). Every number in it is the card's: checked before it is used, and held to a limit.
// Knows no channel. aic100-device.md 6.1; fault D32 of reliability.md
#pragma once
#include "base/bytes.hpp"
#include "base/result.hpp"
#include <optional>

namespace qaic::services {

class DumpReader {
  public:
    static constexpr std::uint64_t most_entries = 1024;
    static constexpr std::uint32_t chunk = 65472; ///< bytes asked for at once

    struct Request {
        std::uint64_t address = 0, length = 0;
    };
    /// Begins with the table the card offers; the container will have at most `limit` bytes.
    [[nodiscard]] static Result<DumpReader> begin(std::uint64_t table_address, std::uint64_t table_bytes,
                                                  std::uint64_t limit);
    /// What to ask for next; nothing when the container is complete.
    [[nodiscard]] std::optional<Request> next() const noexcept;
    /// The answer to next(): 1 byte to all of it. Nothing more can be done with this object after an error.
    [[nodiscard]] Result<void> take(ConstSpan data);

    /// Some region did not fit within the limit: it is left out, and its length in the table is 0.
    [[nodiscard]] bool cut() const noexcept { return cut_; }
    /// Once next() gives nothing.
    [[nodiscard]] Bytes container() && { return std::move(container_); }

  private:
    DumpReader() = default;
    [[nodiscard]] Result<void> plan_regions();

    Bytes container_;
    std::uint64_t table_bytes_ = 0, limit_ = 0;
    std::vector<Request> parts_; ///< the table, then the regions
    std::size_t part_ = 0;       ///< being read
    std::uint64_t got_ = 0;      ///< of it
    bool cut_ = false;
};

} // namespace qaic::services
