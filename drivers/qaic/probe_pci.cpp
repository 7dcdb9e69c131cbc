// SPDX-License-Identifier: BSD-3-Clause
// PCI driver ml_qaic: a card bound to vfio-pci. aic100-device.md 1.1
#include "aic100/regs/registers.hpp"
#include "qaic/bus/pci.hpp"
#include "qaic/mldev_guard.hpp"
#include "qaic/pci_ids.hpp"

namespace qaic {
namespace {

Result<void> probe_card(rte_pci_device* pci)
{
    const char* const name = pci->device.name;
    if (secondary::is_secondary())
        return secondary::attach(&pci->device, name, std::nullopt, pci->mem_resource[aic100::bar_dbc].addr);
    const char* const text = pci->device.devargs != nullptr ? pci->device.devargs->args : nullptr;
    auto args = parse_devargs(text, DeviceKind::PCI);
    if (!args) return fail_at(name, std::move(args).error());
    QAIC_TRY(auto bus, PciBus::open(pci));
    auto ml = std::make_unique<MlDevice>();
    ml->device = std::make_unique<Device>(std::move(bus), device_config(*args, DeviceKind::PCI));
    return probe_ml_device(&pci->device, name, std::move(ml), args->housekeeping);
}

int probe(rte_pci_driver*, rte_pci_device* pci)
{
    return guarded([&] { return probe_card(pci); });
}
int remove(rte_pci_device* pci) { return remove_ml_device(pci->device.name); }

// The bus would map it, too; but then the data path would not know.
int dma_map(rte_pci_device* pci, void* addr, std::uint64_t iova, std::size_t bytes)
{
    return map_for_ml_device(pci->device.name, addr, iova, bytes);
}
int dma_unmap(rte_pci_device* pci, void* /*addr*/, std::uint64_t iova, std::size_t bytes)
{
    return unmap_for_ml_device(pci->device.name, iova, bytes);
}

#define QAIC_PCI_ROW(vendor, device) {RTE_PCI_DEVICE(vendor, device)},
constexpr rte_pci_id ids[] = {QAIC_PCI_IDS(QAIC_PCI_ROW, QAIC_PCI_ROW){}};

constinit rte_pci_driver pci_driver = [] {
    rte_pci_driver d{};
    d.probe = probe;
    d.remove = remove;
    d.id_table = ids;
    d.dma_map = dma_map;
    d.dma_unmap = dma_unmap;
    d.drv_flags = RTE_PCI_DRV_NEED_MAPPING | RTE_PCI_DRV_NEED_IOVA_AS_VA | RTE_PCI_DRV_INTR_RMV;
    return d;
}();

} // namespace
} // namespace qaic

using qaic::pci_driver;
RTE_PMD_REGISTER_PCI(ml_qaic, pci_driver);
