// SPDX-License-Identifier: BSD-3-Clause
// Which memory of ours the card's server has: a table that is always what the server was told and confirmed.
#pragma once
#include "qaic/bus/bus.hpp"
#include "qaic/bus/vfio_user_client.hpp"
#include <map>

namespace qaic::vfu {

/// Any thread. A change waits for the server's reply, at most ClientLimits::message.
class Shares {
  public:
    explicit Shares(Client& client) : client_(client) {}

    /// Shares `bytes` at `fd_offset` of `fd`. The same range again is no error (EAL tells some twice).
    /// E_IOVA: overlap, file too short, refused by the server; E_LIMIT: more ranges than the server takes.
    [[nodiscard]] Result<void> add(Iova iova, std::uint64_t bytes, int fd, std::uint64_t fd_offset);
    /// Memory of whom we know only the address: all of it or nothing.
    [[nodiscard]] Result<void> add_memory(Iova iova, const void* va, std::uint64_t bytes);
    /// Takes back whole ranges: [iova, iova + bytes) must be one or more of them exactly.
    [[nodiscard]] Result<void> remove(Iova iova, std::uint64_t bytes);
    /// Takes back every range that lies inside, whatever there is. The first error is returned, the rest
    /// tried.
    [[nodiscard]] Result<void> remove_inside(Iova iova, std::uint64_t bytes);
    /// Every byte is shared.
    [[nodiscard]] bool covers(Iova iova, std::uint64_t bytes) const;
    [[nodiscard]] std::size_t size() const;
    /// The same, for the data path.
    [[nodiscard]] Reach& reach() noexcept { return reach_; }

  private:
    using Table = std::map<std::uint64_t, std::uint64_t>; ///< iova -> bytes, disjoint
    [[nodiscard]] Result<void> add_locked(std::uint64_t iova, std::uint64_t bytes, int fd,
                                          std::uint64_t fd_offset);
    [[nodiscard]] Result<void> room_for(std::uint64_t iova, std::uint64_t bytes) const;

    Client& client_;
    mutable std::mutex lock_;
    Table table_;
    Reach reach_; ///< follows the table
};

} // namespace qaic::vfu
