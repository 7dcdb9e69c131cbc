// SPDX-License-Identifier: BSD-3-Clause
// Which host memory an in-process card may reach: what an IOMMU is to a real one. Not synchronised by itself.
#pragma once
#include "base/bytes.hpp"
#include "base/result.hpp"
#include <algorithm>
#include <cstdint>
#include <vector>

namespace qaic {

class AddressMap {
  public:
    /// Makes [va, va + bytes) visible at [iova, iova + bytes). E_IOVA when empty, wrapping or overlapping.
    [[nodiscard]] Result<void> add(std::uint64_t iova, std::byte* va, std::uint64_t bytes);
    /// Takes whole maps away: the range must cover one or more of them exactly. E_IOVA otherwise.
    [[nodiscard]] Result<void> remove(std::uint64_t iova, std::uint64_t bytes);
    /// Takes a range away, splitting maps at its ends (memory an allocator gives back in other pieces).
    void punch(std::uint64_t iova, std::uint64_t bytes);
    void clear() noexcept { maps_.clear(), last_ = 0; }
    [[nodiscard]] std::size_t size() const noexcept { return maps_.size(); }

    /// Calls visit(va, bytes) for each contiguous piece of the range, in order. False, and nothing visited,
    /// when any byte is not mapped. Maps that touch are crossed.
    template<class Visit>
    bool visit(std::uint64_t iova, std::uint64_t bytes, Visit&& visit) noexcept
    {
        if (bytes == 0) return true;
        std::size_t first = find(iova);
        if (first == none || !covered(first, iova, bytes)) return false;
        for (auto i = first; bytes != 0; ++i) {
            const auto& m = maps_[i];
            const auto piece = std::min(bytes, m.bytes - (iova - m.iova));
            visit(m.va + (iova - m.iova), piece);
            iova += piece, bytes -= piece;
        }
        return true;
    }

  private:
    struct Map {
        std::uint64_t iova, bytes;
        std::byte* va;
    };
    static constexpr std::size_t none = ~std::size_t{0};
    [[nodiscard]] std::size_t find(std::uint64_t iova) noexcept;
    [[nodiscard]] bool covered(std::size_t first, std::uint64_t iova, std::uint64_t bytes) const noexcept;
    [[nodiscard]] std::vector<Map>::iterator first_not_below(std::uint64_t iova) noexcept;

    std::vector<Map> maps_; ///< sorted by iova, disjoint
    std::size_t last_ = 0;  ///< where the last hit was: accesses come in runs
};

} // namespace qaic
