// SPDX-License-Identifier: BSD-3-Clause
// What the emulated card sees of the machine it is plugged into: DMA and MSI. Implemented by whoever owns the
// link: the driver's in-process bus, a vfio-user server, a test.
#pragma once
#include "base/bytes.hpp"
#include <cstdint>

namespace card {
using namespace qaic;

/// All calls come from the thread that polls the card.
class HostPort {
  public:
    virtual ~HostPort() = default;
    /// Copies host memory at `iova` to `to`. False, with nothing defined in `to`, when any byte is not
    /// mapped.
    [[nodiscard]] virtual bool read(std::uint64_t iova, MutSpan to) noexcept = 0;
    /// Copies `from` to host memory at `iova`. False when any byte is not mapped; nothing is then written.
    [[nodiscard]] virtual bool write(std::uint64_t iova, ConstSpan from) noexcept = 0;
    /// Raises MSI `vector`. Memory written before is visible before. Must not block.
    virtual void raise_msi(unsigned vector) noexcept = 0;
};

} // namespace card
