// SPDX-License-Identifier: BSD-3-Clause
// The seam below the driver: how a register is reached, how memory becomes visible to the card. One driver
// core works over every implementation (in-process card, PCI, later vfio-user). Set-up calls only, so they
// may be virtual: the data path takes dbc_window() once at queue start and touches memory from then on.
#pragma once
#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "qaic/bus/reach.hpp"
#include <cstdint>
#include <memory_resource>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace qaic {

/// Bus address as the card sees it. Not a pointer and not a plain number.
struct Iova {
    std::uint64_t value = 0;
    constexpr auto operator<=>(const Iova&) const = default;
};

class Bus;

/// Zeroed, contiguous, card-visible memory with one owner. Freed (and unmapped) by its destructor.
class DmaMemory {
  public:
    DmaMemory() = default;
    DmaMemory(Bus* bus, std::byte* va, Iova iova, std::size_t size) noexcept
        : bus_(bus), va_(va), iova_(iova), size_(size)
    {}
    DmaMemory(DmaMemory&& o) noexcept { swap(o); }
    DmaMemory& operator=(DmaMemory&& o) noexcept
    {
        DmaMemory gone(std::move(*this));
        swap(o);
        return *this;
    }
    ~DmaMemory() { release(); }
    void release() noexcept;
    /// Gives the memory up without freeing it: the card may still write into it (reliability.md 2.3).
    void retire() noexcept { bus_ = nullptr, va_ = nullptr, size_ = 0; }

    [[nodiscard]] std::byte* data() const noexcept { return va_; }
    [[nodiscard]] Iova iova() const noexcept { return iova_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] MutSpan span() const noexcept { return {va_, size_}; }
    explicit operator bool() const noexcept { return va_ != nullptr; }

  private:
    void swap(DmaMemory& o) noexcept
    {
        std::swap(bus_, o.bus_), std::swap(va_, o.va_), std::swap(iova_, o.iova_), std::swap(size_, o.size_);
    }
    Bus* bus_ = nullptr;
    std::byte* va_ = nullptr;
    Iova iova_{};
    std::size_t size_ = 0;
};

class Bus {
  public:
    virtual ~Bus() = default;
    Bus(const Bus&) = delete;
    Bus& operator=(const Bus&) = delete;

    // ---- registers. One thread at a time (the device's control lock).
    // -----------------------------------------
    /// MHI window (BAR 0). `offset` must be 4-aligned and below mhi_bytes(); all-ones when the card is gone.
    [[nodiscard]] virtual std::uint32_t mhi_read32(std::uint32_t offset) noexcept = 0;
    virtual void mhi_write32(std::uint32_t offset, std::uint32_t value) noexcept = 0;
    [[nodiscard]] virtual std::uint32_t mhi_bytes() const noexcept = 0;
    /// DMA-Bridge window (BAR 2) as mapped registers, dbc_bytes() long: 32-bit aligned volatile access only.
    [[nodiscard]] virtual volatile std::byte* dbc_window() noexcept = 0;
    [[nodiscard]] virtual std::uint64_t dbc_bytes() const noexcept = 0;
    /// The file behind that window, for another process of the application to map at the same address; no
    /// descriptor where that process's own bus maps it. The bus keeps it.
    struct WindowFile {
        int fd = -1;
        std::uint64_t offset = 0;                                   ///< of the window's first byte
        std::vector<std::pair<std::uint64_t, std::uint64_t>> areas; ///< offset in the window, bytes
    };
    [[nodiscard]] virtual WindowFile dbc_window_file() const { return {}; }
    /// Bus Master Enable. Fails when the bit does not read back as written (fence rung 4,
    /// reliability.md 2.3).
    [[nodiscard]] virtual Result<void> set_bus_master(bool on) noexcept = 0;

    // ---- memory
    // --------------------------------------------------------------------------------------------------
    /// `align` is a power of two >= 64. E_HUGE / E_NOMEM name the pool, asked and limit. Control threads
    /// only.
    [[nodiscard]] virtual Result<DmaMemory> dma_alloc(std::size_t bytes, std::size_t align,
                                                      const char* name) = 0;
    /// Makes foreign memory visible at `iova`. E_IOVA on overlap or refusal.
    [[nodiscard]] virtual Result<void> dma_map(void* va, Iova iova, std::size_t bytes) = 0;
    [[nodiscard]] virtual Result<void> dma_unmap(Iova iova, std::size_t bytes) = 0;
    virtual void dma_free(std::byte* va, Iova iova, std::size_t bytes) noexcept = 0;
    /// What the card can reach now. A bus that does not know says everything.
    [[nodiscard]] Reach& reach() noexcept { return reach_; }
    /// Where everything lies that burst calls touch besides DMA memory (placed.hpp): the heap, or memory that
    /// other processes of the application map too. Outlives the bus. Control threads only.
    [[nodiscard]] virtual std::pmr::memory_resource& burst_memory() noexcept
    {
        return *std::pmr::new_delete_resource();
    }

    // ---- interrupts
    // -----------------------------------------------------------------------------------------------
    /// An eventfd (not blocking) that is written to for each MSI of this DBC: its response FIFO became
    /// non-empty. The same one every time; the bus keeps it. Where there is one message for all DBCs, it is
    /// the same for all. Control threads. E_UNSUPP where the bus has no interrupts.
    [[nodiscard]] virtual Result<int> completion_fd(unsigned dbc)
    {
        return fail(Code::E_UNSUPP, "{}: no completion interrupts on this bus (DBC {})", name(), dbc);
    }

    // ---- time
    // -----------------------------------------------------------------------------------------------------
    [[nodiscard]] virtual const Clock& clock() const noexcept = 0;
    /// Lets time pass inside a bounded wait, never longer than `at_most`. A real bus sleeps or pauses; a
    /// test's bus steps the card and moves its manual clock. Never called from the data path.
    virtual void relax(Nanos at_most) noexcept = 0;

    [[nodiscard]] virtual const std::string& name() const noexcept = 0;
    [[nodiscard]] virtual int numa_node() const noexcept { return -1; }

  protected:
    Bus() : own_reach_(std::make_unique<Reach>()), reach_(*own_reach_) {}
    /// For a bus over a link that keeps it and outlives the bus.
    explicit Bus(Reach& reach) : reach_(reach) {}

  private:
    std::unique_ptr<Reach> own_reach_;
    Reach& reach_;
};

inline void DmaMemory::release() noexcept
{
    if (bus_ != nullptr && va_ != nullptr) bus_->dma_free(va_, iova_, size_);
    retire();
}

/// Polls `done` until it is true, at most `limit`. E_TIMEOUT says what was waited for and how long.
/// A `done` that returns Result<bool> may also end the wait with an error.
template<class Done>
[[nodiscard]] Result<void> wait_until(Bus& bus, std::string_view what, Nanos limit, Nanos step, Done&& done)
{
    const auto start = bus.clock().now();
    for (;;) {
        if constexpr (std::is_same_v<decltype(done()), bool>) {
            if (done()) return {};
        } else {
            QAIC_TRY(const bool finished, done());
            if (finished) return {};
        }
        const auto waited = bus.clock().now() - start;
        if (waited >= limit)
            return fail(Code::E_TIMEOUT, "{}: {} did not happen within {} ms", bus.name(), what,
                        std::chrono::duration_cast<std::chrono::milliseconds>(limit).count());
        bus.relax(std::min(step, limit - waited));
    }
}

/// Time limits, all of reliability.md 2.5. Tests pass smaller ones.
struct Limits {
    Nanos op = 5s, nnc = 60s, mhi = 2s, ready = 8s, soc = 25s, sahara = 10s, firmware = 120s, idle = 100ms;
};

} // namespace qaic
