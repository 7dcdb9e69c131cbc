// SPDX-License-Identifier: BSD-3-Clause
// The boot ROM: takes the second-stage image through BHI. aic100-device.md 3.2, 8.3
#pragma once
#include "card/bar0.hpp"
#include "card/firmware_image.hpp"

namespace card {

struct BootFaults; // faults.hpp

class Pbl {
  public:
    Pbl(HostGate& gate, Bar0& bar0, BootFaults& faults) : gate_(gate), bar0_(bar0), faults_(faults) {}

    /// A new image is offered; an unfinished one is forgotten.
    void offer(const BhiRequest& request);
    void reset() { reader_.reset(); }
    [[nodiscard]] bool busy() const noexcept { return reader_.has_value(); }
    /// Reads one more piece. True when the whole image has been read and accepted, STATUS says so and the MSI
    /// is sent.
    [[nodiscard]] bool step();

  private:
    void report(ImageFault fault, std::uint32_t code, std::uint32_t expected, std::uint32_t found);

    HostGate& gate_;
    Bar0& bar0_;
    BootFaults& faults_;
    BhiRequest request_;
    std::optional<ImageReader> reader_;
    std::uint32_t segments_ = 0;
};

} // namespace card
