// SPDX-License-Identifier: BSD-3-Clause
// An emulated card as a vfio-user device: regions to BARs, configuration space to bus mastering and MSI, and
// every access counted. One thread, the one that polls the card.
#pragma once
#include "card/card.hpp"
#include "card_server/counters.hpp"
#include "card_server/pci_function.hpp"
#include "vfio_user/device.hpp"

namespace card_server {

/// What VFIO's device reset does (docs/emulated-card.md).
enum class ResetKind : std::uint8_t {
    RESTART, ///< the card restarts into PBL and loses its memory, as after a bus reset
    NONE     ///< not offered: the card has no function-level reset, and its slot cannot reset it
};

struct DeviceOptions {
    bool trap = false; ///< no region can be mapped: every access is a message
    ResetKind reset = ResetKind::RESTART;
};

class CardDevice final : public vfio_user::Device {
  public:
    CardDevice(card::Card& card, std::uint16_t pci_device, DeviceOptions options);

    [[nodiscard]] vfio_user::Region region(unsigned index) const override;
    [[nodiscard]] unsigned interrupts(unsigned index) const override;
    [[nodiscard]] int read(unsigned region, std::uint64_t offset, card::MutSpan to) override;
    [[nodiscard]] int write(unsigned region, std::uint64_t offset, card::ConstSpan from) override;
    [[nodiscard]] bool writable(unsigned region, std::uint64_t offset, std::size_t bytes) const override;
    void armed(unsigned irq_index, unsigned armed) override;
    [[nodiscard]] bool can_reset() const override { return options_.reset != ResetKind::NONE; }
    [[nodiscard]] int reset() override;

    /// The client is gone: configuration space as after power-on, so no DMA and no MSI; the card stays.
    void detach();
    /// Power off and on.
    void power_cycle();
    [[nodiscard]] Counters& counters() noexcept { return counters_; }

  private:
    void apply_config();

    card::Card& card_;
    DeviceOptions options_;
    vfio_user::ConfigSpace config_;
    Counters counters_;
    unsigned armed_ = 0; ///< MSI eventfds, one more than the highest
};

} // namespace card_server
