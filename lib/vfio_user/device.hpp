// SPDX-License-Identifier: BSD-3-Clause
// What a vfio-user server serves: regions, interrupts and a reset. All calls come from the session's thread,
// with every argument checked against what info() and interrupts() say.
#pragma once
#include "base/bytes.hpp"
#include "vfio_user/wire.hpp"
#include <span>
#include <vector>

namespace vfio_user {

struct Region {
    std::uint64_t size = 0;  ///< 0: not there
    std::uint32_t flags = 0; ///< region_flag READ and WRITE; MMAP when `fd` is given
    int fd = -1;             ///< stays the device's
    std::uint64_t fd_offset = 0;
    std::vector<SparseArea> areas; ///< parts that may be mapped; empty: all of it
};

class Device {
  public:
    virtual ~Device() = default;
    [[nodiscard]] virtual Region region(unsigned index) const = 0;
    /// Number of interrupts of an irq index (irq_msi, ...); all are signalled through eventfds.
    [[nodiscard]] virtual unsigned interrupts(unsigned index) const = 0;
    /// Both return 0, or an errno, and then nothing has happened. The range lies inside the region.
    [[nodiscard]] virtual int read(unsigned region, std::uint64_t offset, qaic::MutSpan to) = 0;
    [[nodiscard]] virtual int write(unsigned region, std::uint64_t offset, qaic::ConstSpan from) = 0;
    /// Would write() take it? Asked for a whole list of writes before the first is done.
    [[nodiscard]] virtual bool writable(unsigned region, std::uint64_t offset, std::size_t bytes) const = 0;
    /// The client armed or disarmed eventfds; `armed` is one more than the highest armed interrupt.
    virtual void armed(unsigned irq_index, unsigned armed) = 0;
    [[nodiscard]] virtual bool can_reset() const = 0;
    [[nodiscard]] virtual int reset() = 0;
};

} // namespace vfio_user
