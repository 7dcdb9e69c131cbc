// SPDX-License-Identifier: BSD-3-Clause
#include "vfio_user/config_space.hpp"

namespace vfio_user {
namespace {
constexpr std::size_t bar0 = 0x10;
constexpr std::uint64_t memory64 = 0x4; // memory, 64 bits, not prefetchable
} // namespace

void ConfigSpace::put_bar64(unsigned slot, std::uint64_t bytes)
{
    put<std::uint64_t>(bar0 + 4 * std::size_t{slot}, memory64, ~(bytes - 1));
}

void ConfigSpace::read(std::size_t offset, qaic::MutSpan to) const
{
    std::memcpy(to.data(), now_.data() + offset, to.size());
}

void ConfigSpace::write(std::size_t offset, qaic::ConstSpan from)
{
    for (std::size_t i = 0; i < from.size(); ++i) {
        const auto mask = writable_[offset + i];
        now_[offset + i] = (now_[offset + i] & ~mask) | (from[i] & mask);
    }
}

} // namespace vfio_user
