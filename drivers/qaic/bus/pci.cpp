// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/bus/pci.hpp"
#include "aic100/regs/registers.hpp"
#include "qaic/dpdk_compat/dpdk.hpp"
#include <algorithm>
#include <rte_errno.h>
#include <rte_interrupts.h>
#include <rte_io.h>
#include <rte_vfio.h>
#include <thread>

namespace qaic {
using namespace aic100;

namespace {

constexpr off_t pci_command = 0x04;
constexpr std::uint16_t pci_command_master = 1u << 2;

struct BarRule {
    unsigned bar;
    std::uint64_t least;
    const char* what;
};
constexpr BarRule bar_rules[] = {
    {bar_mhi, bar_mhi_bytes, "MHI"}, {bar_dbc, bar_dbc_bytes, "DMA Bridge"}, {bar_spare, 1, "spare"}};

// The set of memory BARs must be exactly {0, 2, 4} (1.2).
Result<void> check_bars(const rte_pci_device& device)
{
    for (unsigned i = 0; i < PCI_MAX_RESOURCE; ++i) {
        const auto* rule = std::find_if(std::begin(bar_rules), std::end(bar_rules),
                                        [&](const BarRule& r) { return r.bar == i; });
        const auto bytes = device.mem_resource[i].len;
        if (rule == std::end(bar_rules)) {
            if (bytes == 0) continue;
            return fail(Code::E_UNSUPP,
                        "{}: D-BAR memory BAR {} present got={} limit=0 (expected BARs 0, 2 and 4)",
                        device.name, i, bytes);
        }
        if (bytes < rule->least)
            return fail(Code::E_UNSUPP, "{}: D-BAR {} BAR {} too small got={} limit={}", device.name,
                        rule->what, i, bytes, rule->least);
        if (i != bar_spare && device.mem_resource[i].addr == nullptr)
            return fail(Code::E_UNSUPP, "{}: D-BAR {} BAR {} is not mapped: bind the card to vfio-pci",
                        device.name, rule->what, i);
    }
    return {};
}

} // namespace

PciBus::PciBus(rte_pci_device* device)
    : device_(device), mhi_(static_cast<std::byte*>(device->mem_resource[bar_mhi].addr)),
      dbc_(static_cast<std::byte*>(device->mem_resource[bar_dbc].addr)), name_(device->name),
      memory_(name_, device->device.numa_node), burst_(device->device.numa_node),
      follower_(
          [this](const EalPiece& p) -> Result<void> {
              return reach().add(p.iova.value, p.bytes), Result<void>{};
          },
          [this](Iova iova, std::size_t bytes) { reach().remove(iova.value, bytes); })
{}

Result<std::unique_ptr<PciBus>> PciBus::open(rte_pci_device* device)
{
    QAIC_CHECK(check_bars(*device));
    std::unique_ptr<PciBus> bus(new PciBus(device));
    QAIC_CHECK(bus->follower_.start());
    return bus;
}

std::uint32_t PciBus::mhi_read32(std::uint32_t offset) noexcept { return rte_read32(mhi_ + offset); }
void PciBus::mhi_write32(std::uint32_t offset, std::uint32_t value) noexcept
{
    rte_write32(value, mhi_ + offset);
}

std::uint32_t PciBus::mhi_bytes() const noexcept { return static_cast<std::uint32_t>(bar_mhi_bytes); }
std::uint64_t PciBus::dbc_bytes() const noexcept { return device_->mem_resource[bar_dbc].len; }
int PciBus::numa_node() const noexcept { return device_->device.numa_node; }

Result<void> PciBus::set_bus_master(bool on) noexcept
{
    std::uint16_t command = 0;
    const int set = rte_pci_set_bus_master(device_, on);
    const auto got = rte_pci_read_config(device_, &command, sizeof command, pci_command);
    const bool reads = (command & pci_command_master) != 0;
    if (set != 0 || got != static_cast<int>(sizeof command) || reads != on)
        return fail(Code::E_PROTO, "{}: bus master enable did not become {} (command register 0x{:x})", name_,
                    on ? 1 : 0, command);
    return {};
}

// EAL gives a VFIO device with MSI (not MSI-X, which this card lacks) one message: the card then sends all of
// them as vector 0 (1.4), those of the control link too. A sleeper that is woken for nothing polls and sleeps
// on.
Result<int> PciBus::completion_fd(unsigned dbc)
{
    auto* const handle = device_->intr_handle;
    if (handle == nullptr || rte_intr_fd_get(handle) < 0)
        return fail(Code::E_UNSUPP, "{}: no interrupt for DBC {}: bind the card to vfio-pci", name_, dbc);
    if (!interrupts_ && rte_intr_enable(handle) != 0)
        return fail(Code::E_UNSUPP, "{}: MSI could not be enabled: {}", name_, rte_strerror(rte_errno));
    interrupts_ = true;
    return rte_intr_fd_get(handle);
}

PciBus::~PciBus()
{
    if (interrupts_) rte_intr_disable(device_->intr_handle);
}

Result<DmaMemory> PciBus::dma_alloc(std::size_t bytes, std::size_t align, const char* label)
{
    if (bytes == 0 || align < 64 || (align & (align - 1)) != 0)
        return fail(Code::E_INVAL, "{}: DMA memory of {} bytes aligned to {}", name_, bytes, align);
    QAIC_TRY(const auto block, memory_.take(bytes, align, label)); // VFIO maps EAL memory by itself
    return DmaMemory(this, block.va, block.iova, bytes);
}

void PciBus::dma_free(std::byte* va, Iova, std::size_t) noexcept { memory_.give(va); }

Result<void> PciBus::dma_map(void* va, Iova iova, std::size_t bytes)
{
    if (rte_vfio_container_dma_map(RTE_VFIO_DEFAULT_CONTAINER_FD, reinterpret_cast<std::uintptr_t>(va),
                                   iova.value, bytes) != 0)
        return fail(Code::E_IOVA, "{}: DMA map refused ({}) got=0x{:x}+{}", name_, rte_strerror(rte_errno),
                    iova.value, bytes);
    foreign_[iova.value] = va;
    reach().add(iova.value, bytes);
    return {};
}

Result<void> PciBus::dma_unmap(Iova iova, std::size_t bytes)
{
    const auto it = foreign_.find(iova.value);
    if (it == foreign_.end())
        return fail(Code::E_IOVA, "{}: DMA unmap refused (never mapped) got=0x{:x}+{}", name_, iova.value,
                    bytes);
    reach().remove(iova.value, bytes); // first: nothing new may be sent there
    if (rte_vfio_container_dma_unmap(RTE_VFIO_DEFAULT_CONTAINER_FD,
                                     reinterpret_cast<std::uintptr_t>(it->second), iova.value, bytes) != 0)
        return fail(Code::E_IOVA, "{}: DMA unmap refused got=0x{:x}+{}", name_, iova.value, bytes);
    foreign_.erase(it);
    return {};
}

void PciBus::relax(Nanos at_most) noexcept { std::this_thread::sleep_for(std::min<Nanos>(at_most, 50us)); }

} // namespace qaic
