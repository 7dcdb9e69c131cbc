// SPDX-License-Identifier: BSD-3-Clause
#include "card_server/pci_function.hpp"
#include "aic100/regs/registers.hpp"
#include <algorithm>

namespace card_server {
namespace {

// PCI Local Bus 3.0 and PCI Express Base 4.0: places and bits.
constexpr std::size_t vendor_id = 0x00, device_id = 0x02, command = 0x04, status = 0x06, class_code = 0x08,
                      cache_line = 0x0c, subsystem_vendor = 0x2c, subsystem_id = 0x2e, capabilities = 0x34,
                      interrupt_line = 0x3c;
constexpr std::uint16_t memory_space = 1u << 1, bus_master_enable = 1u << 2, parity = 1u << 6, serr = 1u << 8,
                        no_intx = 1u << 10, has_capabilities = 1u << 4;
constexpr std::uint32_t processing_accelerator = 0x120000; // [M] of 1.1: the real class code is not public

// Our capability list: power management, MSI, PCI Express.
constexpr std::size_t pm = 0x40, msi = 0x50, express = 0x70;
constexpr std::uint8_t pm_id = 0x01, msi_id = 0x05, express_id = 0x10;

constexpr std::size_t msi_control = msi + 2;
constexpr std::uint16_t msi_enable = 1, msi_wide = 1u << 7, msi_offered_shift = 1, msi_enabled_shift = 4,
                        msi_enabled_mask = 7u << msi_enabled_shift, msi_offered_log2 = 5;
static_assert(1u << msi_offered_log2 == aic100::msi_vectors_offered);

void put_power_management(vfio_user::ConfigSpace& config)
{
    constexpr std::uint16_t version = 3, no_soft_reset = 1u << 3, power_state = 3;
    config.put<std::uint8_t>(pm, pm_id);
    config.put<std::uint8_t>(pm + 1, msi);
    config.put<std::uint16_t>(pm + 2, version);
    config.put<std::uint16_t>(pm + 4, no_soft_reset, power_state);
}

void put_msi(vfio_user::ConfigSpace& config)
{
    config.put<std::uint8_t>(msi, msi_id);
    config.put<std::uint8_t>(msi + 1, express);
    config.put<std::uint16_t>(msi_control, msi_wide | msi_offered_log2 << msi_offered_shift,
                              msi_enable | msi_enabled_mask);
    config.put<std::uint32_t>(msi + 4, 0, 0xfffffffc); // address, low and high; data
    config.put<std::uint32_t>(msi + 8, 0, 0xffffffff);
    config.put<std::uint16_t>(msi + 12, 0, 0xffff);
}

void put_express(vfio_user::ConfigSpace& config)
{
    constexpr std::uint16_t version2_endpoint = 0x0002;
    constexpr std::uint32_t payload_256 = 1, extended_tag = 1u << 5, role_based_errors = 1u << 15; // no FLR
    constexpr std::uint16_t gen4 = 4, x8 = 8u << 4, control_default = 0x2810, control_writable = 0x7fff;
    constexpr std::uint32_t gen1_to_gen4 = 0x1e;
    config.put<std::uint8_t>(express, express_id);
    config.put<std::uint8_t>(express + 1, 0);
    config.put<std::uint16_t>(express + 0x02, version2_endpoint);
    config.put<std::uint32_t>(express + 0x04, payload_256 | extended_tag | role_based_errors);
    config.put<std::uint16_t>(express + 0x08, control_default, control_writable);
    config.put<std::uint32_t>(express + 0x0c, gen4 | x8);
    config.put<std::uint16_t>(express + 0x10, 0, 0x01c3); // link control: ASPM, read completion, clocks
    config.put<std::uint16_t>(express + 0x12, gen4 | x8);
    config.put<std::uint16_t>(express + 0x28, 0, 0x041f); // completion time-out, LTR
    config.put<std::uint32_t>(express + 0x2c, gen1_to_gen4);
    config.put<std::uint16_t>(express + 0x30, gen4, 0x000f);
}

} // namespace

vfio_user::ConfigSpace make_config_space(std::uint16_t device)
{
    vfio_user::ConfigSpace config;
    config.put<std::uint16_t>(vendor_id, aic100::pci_vendor);
    config.put<std::uint16_t>(device_id, device);
    config.put<std::uint16_t>(command, 0, memory_space | bus_master_enable | parity | serr | no_intx);
    config.put<std::uint16_t>(status, has_capabilities);
    config.put<std::uint32_t>(class_code, processing_accelerator << 8);
    config.put<std::uint8_t>(cache_line, 0, 0xff);
    config.put_bar64(aic100::bar_mhi, aic100::bar_mhi_bytes);
    config.put_bar64(aic100::bar_dbc, aic100::bar_dbc_bytes);
    config.put_bar64(aic100::bar_spare, aic100::bar_spare_bytes);
    config.put<std::uint16_t>(subsystem_vendor, aic100::pci_vendor);
    config.put<std::uint16_t>(subsystem_id, device);
    config.put<std::uint8_t>(capabilities, pm);
    config.put<std::uint8_t>(interrupt_line, 0, 0xff);
    put_power_management(config);
    put_msi(config);
    put_express(config);
    return config;
}

bool bus_master(const vfio_user::ConfigSpace& config)
{
    return (config.get<std::uint16_t>(command) & bus_master_enable) != 0;
}

unsigned msi_messages(const vfio_user::ConfigSpace& config)
{
    const auto control = config.get<std::uint16_t>(msi_control);
    if ((control & msi_enable) == 0) return 0;
    const unsigned log2 = (control & msi_enabled_mask) >> msi_enabled_shift;
    return 1u << std::min<unsigned>(log2, msi_offered_log2); // 6 and 7 are reserved
}

} // namespace card_server
