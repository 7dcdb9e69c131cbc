// SPDX-License-Identifier: BSD-3-Clause
// PCI configuration space as a table: what each bit reads, and which bits a host may change. Knows no card.
#pragma once
#include "base/bytes.hpp"
#include "base/endian.hpp"
#include <array>
#include <cstdint>

namespace vfio_user {

inline constexpr std::size_t config_bytes = 4096; ///< PCI Express

class ConfigSpace {
  public:
    /// Puts a little-endian value, with the bits that a host may write.
    template<std::unsigned_integral T>
    void put(std::size_t offset, T value, T writable = 0)
    {
        const qaic::Le<T> v(value), w(writable);
        std::memcpy(reset_.data() + offset, &v, sizeof(T));
        std::memcpy(writable_.data() + offset, &w, sizeof(T));
        std::memcpy(now_.data() + offset, &v, sizeof(T));
    }
    /// A 64-bit memory BAR (slot and slot + 1) of a power of two of bytes, at least 16: a host that writes
    /// all-ones finds the size.
    void put_bar64(unsigned slot, std::uint64_t bytes);
    /// All as put.
    void reset() { now_ = reset_; }

    /// The range lies inside.
    void read(std::size_t offset, qaic::MutSpan to) const;
    void write(std::size_t offset, qaic::ConstSpan from);
    template<std::unsigned_integral T>
    [[nodiscard]] T get(std::size_t offset) const
    {
        return *qaic::read_at<qaic::Le<T>>(now_, offset);
    }

  private:
    std::array<std::byte, config_bytes> reset_{}, writable_{}, now_{};
};

} // namespace vfio_user
