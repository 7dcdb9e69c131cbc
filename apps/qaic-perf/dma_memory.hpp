// SPDX-License-Identifier: BSD-3-Clause
// Memory the card may read and write, with its bus address.
#pragma once
#include "base/bytes.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <memory>
#include <rte_mldev.h>
#include <string>
#include <vector>

namespace qaic::perf {

/// Where the entries of one op's input (or output) lie in a block of memory: one entry for PACKED, one per
/// tensor for SPLIT, each aligned; `stride` bytes to the next op's.
struct EntryLayout {
    struct Entry {
        std::uint64_t offset = 0, bytes = 0;
    };
    std::vector<Entry> entries;
    std::uint64_t stride = 0;
    std::uint64_t content = 0; ///< bytes of all entries without padding
};
/// `sizes`: bytes of each tensor. `align`: a power of two.
EntryLayout entry_layout(const std::vector<std::uint64_t>& sizes, bool packed, std::uint64_t align);

/// A number of equal sets of buffers, with the segment chains rte_ml_op wants.
class BufferSets {
  public:
    /// E_NOMEM with `what` in the text; E_IOVA when a buffer is not contiguous for the card.
    static Result<BufferSets> make(const EntryLayout& layout, std::size_t sets, std::uint64_t align, int numa,
                                   const std::string& what);
    /// For rte_ml_op.input or .output; valid as long as this object.
    [[nodiscard]] rte_ml_buff_seg** segments(std::size_t set)
    {
        return &pointers_[set * layout_.entries.size()];
    }
    /// Copies a set's content in or out, without the padding; `bytes` must hold layout.content.
    void put(std::size_t set, ConstSpan bytes);
    void get(std::size_t set, MutSpan bytes) const;
    void fill(std::size_t set, std::byte value);
    /// One of a set's buffers, below layout().entries.size().
    [[nodiscard]] MutSpan buffer(std::size_t set, std::size_t entry)
    {
        const auto& s = *segments(set)[entry];
        return {static_cast<std::byte*>(s.addr), s.length};
    }
    [[nodiscard]] const EntryLayout& layout() const { return layout_; }

  private:
    struct Free {
        void operator()(void* p) const noexcept;
    };
    std::unique_ptr<void, Free> memory_;
    EntryLayout layout_;
    std::vector<rte_ml_buff_seg> segments_;
    std::vector<rte_ml_buff_seg*> pointers_;
};

} // namespace qaic::perf
