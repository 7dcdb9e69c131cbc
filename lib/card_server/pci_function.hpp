// SPDX-License-Identifier: BSD-3-Clause
// The card's configuration space, and what a host's writes to it mean. aic100-device.md 1.1 - 1.4
#pragma once
#include "vfio_user/config_space.hpp"

namespace card_server {

/// Vendor, device, class, the three 64-bit BARs, and the capabilities power management, MSI (32 messages)
/// and PCI Express (Gen4 x8 endpoint without FLR). No MSI-X, no INTx.
[[nodiscard]] vfio_user::ConfigSpace make_config_space(std::uint16_t device);

/// Bus Master Enable of the command register.
[[nodiscard]] bool bus_master(const vfio_user::ConfigSpace& config);

/// Messages the host enabled in the MSI capability: 0, or a power of two up to 32.
[[nodiscard]] unsigned msi_messages(const vfio_user::ConfigSpace& config);

} // namespace card_server
