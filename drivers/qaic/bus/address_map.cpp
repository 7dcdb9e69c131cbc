// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/bus/address_map.hpp"
#include "base/checked.hpp"
#include <algorithm>

namespace qaic {

std::vector<AddressMap::Map>::iterator AddressMap::first_not_below(std::uint64_t iova) noexcept
{
    return std::lower_bound(maps_.begin(), maps_.end(), iova,
                            [](const Map& m, std::uint64_t at) { return m.iova < at; });
}

Result<void> AddressMap::add(std::uint64_t iova, std::byte* va, std::uint64_t bytes)
{
    const auto end = checked_add(iova, bytes);
    if (bytes == 0 || va == nullptr || !end)
        return fail(Code::E_IOVA, "DMA map refused (empty or wrapping) got=0x{:x}+{}", iova, bytes);
    const auto next = first_not_below(iova);
    const bool hits_next = next != maps_.end() && next->iova < *end;
    const bool hits_previous = next != maps_.begin() && std::prev(next)->iova + std::prev(next)->bytes > iova;
    if (hits_next || hits_previous) {
        const auto& other = hits_next ? *next : *std::prev(next);
        return fail(Code::E_IOVA, "DMA map refused (overlap) got=0x{:x}+{} limit=0x{:x}+{}", iova, bytes,
                    other.iova, other.bytes);
    }
    maps_.insert(next, Map{iova, bytes, va});
    return {};
}

Result<void> AddressMap::remove(std::uint64_t iova, std::uint64_t bytes)
{
    const auto end = checked_add(iova, bytes);
    const auto first = first_not_below(iova);
    auto last = first;
    auto at = iova;
    while (end && last != maps_.end() && last->iova == at && at < *end) at += last->bytes, ++last;
    if (!end || bytes == 0 || at != *end)
        return fail(Code::E_IOVA, "DMA unmap refused (not exactly what was mapped) got=0x{:x}+{}", iova,
                    bytes);
    maps_.erase(first, last);
    last_ = 0;
    return {};
}

void AddressMap::punch(std::uint64_t iova, std::uint64_t bytes)
{
    const auto end = iova + bytes;
    std::vector<Map> kept;
    kept.reserve(maps_.size() + 1);
    for (const auto& m : maps_) {
        const auto m_end = m.iova + m.bytes;
        if (m_end <= iova || m.iova >= end) {
            kept.push_back(m);
            continue;
        }
        if (m.iova < iova) kept.push_back({m.iova, iova - m.iova, m.va});
        if (m_end > end) kept.push_back({end, m_end - end, m.va + (end - m.iova)});
    }
    maps_ = std::move(kept);
    last_ = 0;
}

std::size_t AddressMap::find(std::uint64_t iova) noexcept
{
    const auto inside = [&](std::size_t i) {
        return i < maps_.size() && iova >= maps_[i].iova && iova - maps_[i].iova < maps_[i].bytes;
    };
    if (inside(last_)) return last_;
    const auto after = std::upper_bound(maps_.begin(), maps_.end(), iova,
                                        [](std::uint64_t at, const Map& m) { return at < m.iova; });
    if (after == maps_.begin()) return none;
    const auto i = static_cast<std::size_t>(after - maps_.begin()) - 1;
    if (!inside(i)) return none;
    return last_ = i;
}

bool AddressMap::covered(std::size_t first, std::uint64_t iova, std::uint64_t bytes) const noexcept
{
    auto left = bytes;
    for (auto i = first; i < maps_.size(); ++i) {
        const auto& m = maps_[i];
        if (iova < m.iova || iova - m.iova >= m.bytes) return false;
        const auto piece = m.bytes - (iova - m.iova);
        if (piece >= left) return true;
        left -= piece, iova += piece;
    }
    return false;
}

} // namespace qaic
