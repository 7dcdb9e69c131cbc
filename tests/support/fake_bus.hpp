// SPDX-License-Identifier: BSD-3-Clause
// A bus without a card behind it: heap memory (IOVA = address), a register window of plain memory, a manual
// clock. For tests and benchmarks of the queue code, which touches memory only.
#pragma once
#include "aic100/regs/registers.hpp"
#include "qaic/bus/bus.hpp"
#include <cstdlib>
#include <cstring>
#include <vector>

namespace test {

class FakeBus final : public qaic::Bus {
  public:
    FakeBus() : window_(aic100::bar_dbc_bytes) {}
    std::uint32_t mhi_read32(std::uint32_t) noexcept override { return 0; }
    void mhi_write32(std::uint32_t, std::uint32_t) noexcept override {}
    std::uint32_t mhi_bytes() const noexcept override { return aic100::bar_mhi_bytes; }
    volatile std::byte* dbc_window() noexcept override { return window_.data(); }
    std::uint64_t dbc_bytes() const noexcept override { return window_.size(); }
    qaic::Result<void> set_bus_master(bool) noexcept override { return {}; }
    qaic::Result<qaic::DmaMemory> dma_alloc(std::size_t bytes, std::size_t align, const char*) override
    {
        auto* const va =
            static_cast<std::byte*>(std::aligned_alloc(align, (bytes + align - 1) / align * align));
        if (va == nullptr) return qaic::fail(qaic::Code::E_NOMEM, "heap: {} bytes", bytes);
        std::memset(va, 0, bytes);
        ++live_;
        return qaic::DmaMemory(this, va, {reinterpret_cast<std::uint64_t>(va)}, bytes);
    }
    qaic::Result<void> dma_map(void*, qaic::Iova, std::size_t) override { return {}; }
    qaic::Result<void> dma_unmap(qaic::Iova, std::size_t) override { return {}; }
    void dma_free(std::byte* va, qaic::Iova, std::size_t) noexcept override
    {
        std::free(va);
        --live_;
    }
    const qaic::Clock& clock() const noexcept override { return clock_; }
    void relax(qaic::Nanos at_most) noexcept override { clock_.advance(at_most); }
    const std::string& name() const noexcept override { return name_; }

    [[nodiscard]] int live_allocations() const noexcept { return live_; }
    [[nodiscard]] std::uint32_t* registers(unsigned dbc) noexcept
    {
        return reinterpret_cast<std::uint32_t*>(window_.data() + aic100::dbc_offset(dbc));
    }

  private:
    std::vector<std::byte> window_;
    qaic::ManualClock clock_;
    std::string name_ = "fake0";
    int live_ = 0;
};

} // namespace test
