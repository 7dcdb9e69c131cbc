// SPDX-License-Identifier: BSD-3-Clause
// A card behind DPDK's PCI bus (vfio-pci). Plugin only. aic100-device.md 1; dpdk-driver-guide.md 6.
#pragma once
#include "qaic/bus/bus.hpp"
#include "qaic/bus/eal_burst_memory.hpp"
#include "qaic/bus/eal_memory.hpp"
#include <memory>

struct rte_pci_device;

namespace qaic {

class PciBus final : public Bus {
  public:
    /// Checks the BAR set and sizes (guard D-BAR). `device` must outlive the bus.
    [[nodiscard]] static Result<std::unique_ptr<PciBus>> open(rte_pci_device* device);

    std::uint32_t mhi_read32(std::uint32_t offset) noexcept override;
    void mhi_write32(std::uint32_t offset, std::uint32_t value) noexcept override;
    std::uint32_t mhi_bytes() const noexcept override;
    volatile std::byte* dbc_window() noexcept override { return dbc_; }
    std::uint64_t dbc_bytes() const noexcept override;
    Result<void> set_bus_master(bool on) noexcept override;
    Result<DmaMemory> dma_alloc(std::size_t bytes, std::size_t align, const char* name) override;
    Result<void> dma_map(void* va, Iova iova, std::size_t bytes) override;
    Result<void> dma_unmap(Iova iova, std::size_t bytes) override;
    void dma_free(std::byte* va, Iova iova, std::size_t bytes) noexcept override;
    std::pmr::memory_resource& burst_memory() noexcept override { return burst_; }
    Result<int> completion_fd(unsigned dbc) override;
    const Clock& clock() const noexcept override { return clock_; }
    void relax(Nanos at_most) noexcept override;
    const std::string& name() const noexcept override { return name_; }
    int numa_node() const noexcept override;
    ~PciBus() override;

  private:
    explicit PciBus(rte_pci_device* device);
    rte_pci_device* device_;
    std::byte* mhi_;
    volatile std::byte* dbc_;
    std::string name_;
    SteadyClock clock_;
    bool interrupts_ = false; ///< switched on, at the first completion_fd()
    EalMemory memory_;
    EalBurstMemory burst_;
    EalFollower follower_;                             ///< VFIO maps EAL's memory; this tells the data path
    std::unordered_map<std::uint64_t, void*> foreign_; ///< dma_map: iova -> va
};

} // namespace qaic
