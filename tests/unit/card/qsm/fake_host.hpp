// SPDX-License-Identifier: BSD-3-Clause
// A host of flat memory for tests of QSM: one mapped range, MSIs collected, access that can be switched off.
#pragma once
#include "card/host_port.hpp"
#include <cstring>
#include <vector>

namespace qsm_test {
using namespace qaic;

class FakeHost final : public card::HostPort {
  public:
    static constexpr std::uint64_t base = 0x1'0000'0000;
    explicit FakeHost(std::size_t bytes) : memory(bytes) {}

    bool read(std::uint64_t iova, MutSpan to) noexcept override
    {
        if (!reachable(iova, to.size())) return false;
        std::memcpy(to.data(), memory.data() + (iova - base), to.size());
        ++reads;
        return true;
    }
    bool write(std::uint64_t iova, ConstSpan from) noexcept override
    {
        if (!reachable(iova, from.size())) return false;
        std::memcpy(memory.data() + (iova - base), from.data(), from.size());
        ++writes;
        return true;
    }
    void raise_msi(unsigned vector) noexcept override { msis.push_back(vector); }

    /// Memory at an IOVA, for the test itself.
    [[nodiscard]] std::byte* at(std::uint64_t iova) { return memory.data() + (iova - base); }
    template<class T>
    void put(std::uint64_t iova, const T& value)
    {
        std::memcpy(at(iova), &value, sizeof value);
    }
    template<class T>
    [[nodiscard]] T get(std::uint64_t iova)
    {
        T v;
        std::memcpy(static_cast<void*>(&v), at(iova), sizeof v);
        return v;
    }

    Bytes memory;
    std::vector<unsigned> msis;
    bool bus_master = true;
    std::uint64_t reads = 0, writes = 0;

  private:
    [[nodiscard]] bool reachable(std::uint64_t iova, std::size_t n) const noexcept
    {
        return bus_master && iova >= base && iova - base <= memory.size() &&
               n <= memory.size() - (iova - base);
    }
};

} // namespace qsm_test
