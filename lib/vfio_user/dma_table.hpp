// SPDX-License-Identifier: BSD-3-Clause
// The client's memory as the device sees it: ranges of bus addresses, each mapped from a descriptor the
// client sent, or reachable by message only. One thread.
#pragma once
#include "base/bytes.hpp"
#include "vfio_user/fd.hpp"
#include "vfio_user/wire.hpp"
#include <map>
#include <string>

namespace vfio_user {
using qaic::ConstSpan, qaic::MutSpan;

/// Carries bytes that lie in no mapping of ours: DMA_READ and DMA_WRITE.
class RemoteMemory {
  public:
    virtual ~RemoteMemory() = default;
    [[nodiscard]] virtual bool read(std::uint64_t address, MutSpan to) = 0;
    [[nodiscard]] virtual bool write(std::uint64_t address, ConstSpan from) = 0;
};

class DmaTable {
  public:
    explicit DmaTable(RemoteMemory& remote, std::size_t limit = max_dma_maps);
    ~DmaTable() { clear(); }
    DmaTable(const DmaTable&) = delete;
    DmaTable& operator=(const DmaTable&) = delete;

    /// 0, or an errno and the table is as before: EINVAL (empty, wrapping, flags, no plain file, beyond its
    /// end), EACCES (descriptor not open for that), EEXIST (overlap), ENOSPC (table full), or mmap's. Without
    /// descriptor (Fd{}) the range is reached by message. The descriptor is closed in any case.
    [[nodiscard]] int map(const DmaMap& request, Fd fd);
    /// Drops all mappings that lie inside, be it none. EINVAL, and nothing is dropped, when the range is
    /// empty, wraps, or cuts a mapping in two (as VFIO type 1 version 2 does).
    [[nodiscard]] int unmap(std::uint64_t address, std::uint64_t size);
    void clear() noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return ranges_.size(); }

    /// False when any byte is not mapped with the right to do it; of a write nothing is then done.
    [[nodiscard]] bool read(std::uint64_t address, MutSpan to);
    [[nodiscard]] bool write(std::uint64_t address, ConstSpan from);
    /// A mapped file was shrunk by its owner: that memory is gone, the client has to go.
    [[nodiscard]] bool broken() const noexcept { return broken_; }

  private:
    struct Range {
        std::uint64_t last = 0; ///< address of the last byte
        std::uint32_t flags = 0;
        std::byte* data = nullptr; ///< of the first byte; nullptr: by message
        void* map_base = nullptr;  ///< what mmap returned
        std::size_t map_bytes = 0;
    };
    using Ranges = std::map<std::uint64_t, Range>; // by first address

    [[nodiscard]] int map_file(const DmaMap& request, const Fd& fd, Range& range) const;
    [[nodiscard]] bool overlaps(std::uint64_t first, std::uint64_t last) const;
    [[nodiscard]] const Ranges::value_type* find(std::uint64_t address) const;
    [[nodiscard]] bool covered(std::uint64_t address, std::size_t bytes, std::uint32_t right) const;
    template<class Span, class Local, class Far>
    [[nodiscard]] bool visit(std::uint64_t address, Span bytes, std::uint32_t right, Local local, Far far);
    static void release(const Range& range) noexcept;

    RemoteMemory& remote_;
    std::size_t limit_;
    Ranges ranges_;
    mutable const Ranges::value_type* last_ = nullptr; ///< most accesses stay in one range
    bool broken_ = false;
};

} // namespace vfio_user
