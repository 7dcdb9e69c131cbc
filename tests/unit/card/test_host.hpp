// SPDX-License-Identifier: BSD-3-Clause
// The machine a card under test is plugged into: host memory as separate mapped ranges (an access that leaves
// its range fails, as behind an IOMMU), and a record of the MSIs.
#pragma once
#include "card/host_port.hpp"
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <stdexcept>
#include <vector>

namespace test {
using qaic::Bytes;
using qaic::ConstSpan;
using qaic::MutSpan;

class TestHost final : public card::HostPort {
  public:
    void map(std::uint64_t iova, std::size_t bytes) { ranges_[iova].assign(bytes, std::byte{0}); }
    void map(std::uint64_t iova, ConstSpan content) { ranges_[iova].assign(content.begin(), content.end()); }
    void unmap(std::uint64_t iova) { ranges_.erase(iova); }
    void unmap_all() { ranges_.clear(); }

    bool read(std::uint64_t iova, MutSpan to) noexcept override
    {
        ++dma;
        auto* from = find(iova, to.size());
        if (from != nullptr && !to.empty()) std::memcpy(to.data(), from, to.size());
        return from != nullptr;
    }
    bool write(std::uint64_t iova, ConstSpan from) noexcept override
    {
        ++dma;
        auto* to = find(iova, from.size());
        if (to != nullptr && !from.empty()) std::memcpy(to, from.data(), from.size());
        if (on_write) on_write(iova, from);
        return to != nullptr;
    }
    void raise_msi(unsigned vector) noexcept override
    {
        msis.push_back(vector);
        if (on_msi) on_msi(vector);
    }

    // ---- the host's own view of its memory; the range must be mapped
    template<class T>
    [[nodiscard]] T get(std::uint64_t iova)
    {
        T value;
        std::memcpy(&value, at(iova, sizeof value), sizeof value);
        return value;
    }
    template<class T>
    void put(std::uint64_t iova, T value)
    {
        std::memcpy(at(iova, sizeof value), &value, sizeof value);
    }
    [[nodiscard]] Bytes copy(std::uint64_t iova, std::size_t bytes)
    {
        const auto* p = at(iova, bytes);
        return {p, p + bytes};
    }

    std::vector<unsigned> msis;
    std::uint64_t dma = 0; ///< accesses, granted or not
    std::function<void(unsigned)> on_msi;
    std::function<void(std::uint64_t, ConstSpan)> on_write;

  private:
    std::byte* find(std::uint64_t iova, std::size_t bytes) noexcept
    {
        auto it = ranges_.upper_bound(iova);
        if (it == ranges_.begin()) return nullptr;
        --it;
        const auto offset = iova - it->first;
        return offset <= it->second.size() && bytes <= it->second.size() - offset ? it->second.data() + offset
                                                                                  : nullptr;
    }
    std::byte* at(std::uint64_t iova, std::size_t bytes)
    {
        auto* p = find(iova, bytes);
        if (p == nullptr) throw std::out_of_range("test: host memory is not mapped");
        return p;
    }
    std::map<std::uint64_t, Bytes> ranges_;
};

} // namespace test
