// SPDX-License-Identifier: BSD-3-Clause
#include "card_server/card_device.hpp"
#include <bit>
#include <cerrno>

namespace card_server {
namespace {
using namespace vfio_user;

constexpr std::uint64_t bar_bytes(unsigned index)
{
    switch (index) {
    case aic100::bar_mhi: return aic100::bar_mhi_bytes;
    case aic100::bar_dbc: return aic100::bar_dbc_bytes;
    case aic100::bar_spare: return aic100::bar_spare_bytes;
    default: return 0;
    }
}

/// A BAR takes naturally aligned accesses of 1, 2, 4 and 8 bytes.
bool good_access(std::uint64_t offset, std::size_t bytes)
{
    return bytes <= 8 && std::has_single_bit(bytes) && offset % bytes == 0;
}

} // namespace

CardDevice::CardDevice(card::Card& card, std::uint16_t pci_device, DeviceOptions options)
    : card_(card), options_(options), config_(make_config_space(pci_device))
{}

Region CardDevice::region(unsigned index) const
{
    constexpr auto rw = region_flag::READ | region_flag::WRITE;
    if (index == region_config) return {config_bytes, rw, -1, 0, {}};
    Region region{bar_bytes(index), 0, -1, 0, {}};
    if (region.size == 0) return region;
    region.flags = rw;
    if (index == aic100::bar_dbc && !options_.trap) {
        region.fd = card_.dbc_window_fd();
        region.areas = {{aic100::dbc_base, std::uint64_t{aic100::dbc_count} * aic100::dbc_stride}};
    }
    return region;
}

unsigned CardDevice::interrupts(unsigned index) const
{
    return index == irq_msi ? aic100::msi_vectors_offered : 0;
}

int CardDevice::read(unsigned region, std::uint64_t offset, card::MutSpan to)
{
    if (region == region_config) {
        counters_.config(false);
        config_.read(offset, to);
        return 0;
    }
    if (!good_access(offset, to.size())) return EINVAL;
    counters_.read(region, offset);
    if (to.size() == 8) {
        const qaic::le64 value = card_.read64(region, offset);
        std::memcpy(to.data(), &value, sizeof(value));
        return 0;
    }
    const qaic::le32 word = card_.read32(region, offset & ~std::uint64_t{3});
    std::memcpy(to.data(), reinterpret_cast<const std::byte*>(&word) + offset % 4, to.size());
    return 0;
}

bool CardDevice::writable(unsigned region, std::uint64_t offset, std::size_t bytes) const
{
    return region == region_config || good_access(offset, bytes);
}

int CardDevice::write(unsigned region, std::uint64_t offset, card::ConstSpan from)
{
    if (region == region_config) {
        counters_.config(true);
        config_.write(offset, from);
        apply_config();
        return 0;
    }
    if (!good_access(offset, from.size())) return EINVAL;
    counters_.write(region, offset);
    if (from.size() < 4) return 0; // registers are words: a part of one changes nothing
    const auto low = *qaic::read_at<qaic::le32>(from);
    // The high word first: in a pair of words it is the low one that acts (aic100-device.md 2.2).
    if (from.size() == 8) card_.write32(region, offset + 4, *qaic::read_at<qaic::le32>(from, 4));
    card_.write32(region, offset, low);
    return 0;
}

void CardDevice::armed(unsigned irq_index, unsigned armed)
{
    if (irq_index != irq_msi) return;
    armed_ = armed;
    apply_config();
}

/// A client that programs the capability itself (QEMU) decides the number of messages by it. One that only
/// hands over eventfds means what the kernel's VFIO would then write into it: the next power of two.
void CardDevice::apply_config()
{
    const auto enabled = msi_messages(config_);
    card_.set_msi_messages(enabled != 0 ? enabled : armed_ == 0 ? 0 : std::bit_ceil(armed_));
    card_.set_bus_master(bus_master(config_));
}

int CardDevice::reset()
{
    if (card_.stage() == card::Stage::GONE) return ENODEV; // nothing in the slot
    config_.reset();
    card_.power_cycle();
    apply_config();
    return 0;
}

void CardDevice::detach()
{
    config_.reset();
    armed_ = 0;
    apply_config();
}

void CardDevice::power_cycle()
{
    config_.reset();
    card_.power_cycle();
    apply_config();
}

} // namespace card_server
