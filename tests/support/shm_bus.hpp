// SPDX-License-Identifier: BSD-3-Clause
// A driver in a forked child on a card in the parent: registers through a mailbox in shared memory, the
// DMA-Bridge window and DMA memory shared as they are. Lets a test kill a driver with SIGKILL while the card
// lives on, as a real card would. Needs nothing but fork().
#pragma once
#include "card/card.hpp"
#include "qaic/bus/bus.hpp"
#include <atomic>
#include <cstring>
#include <sched.h>
#include <sys/mman.h>
#include <time.h>

namespace test {

inline constexpr std::size_t shm_dma_bytes = 64u << 20;
inline constexpr std::uint64_t shm_iova = 0x40'0000'0000;

/// Lives in a MAP_SHARED mapping made before the fork.
struct Shared {
    enum Turn : std::uint32_t { IDLE, READ, WRITE, DONE };
    std::atomic<std::uint32_t> turn{IDLE};
    std::atomic<std::uint32_t> offset{0}, value{0};
    std::atomic<std::uint32_t> bus_master{0};
    std::atomic<std::uint64_t> points{
        0}; ///< register accesses and inferences so far: where a kill may strike
    char report[512] = {};
    alignas(4096) std::byte dma[shm_dma_bytes];

    static Shared* create()
    {
        void* p = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        return p == MAP_FAILED ? nullptr : new (p) Shared;
    }
};

/// Parent's side: the card's way to host memory. `alive` false is what the IOMMU does when its owner is gone.
class ShmHost final : public card::HostPort {
  public:
    explicit ShmHost(Shared& shared) : shared_(shared) {}
    bool read(std::uint64_t iova, qaic::MutSpan to) noexcept override
    {
        std::byte* p = at(iova, to.size());
        if (p != nullptr) std::memcpy(to.data(), p, to.size());
        return p != nullptr;
    }
    bool write(std::uint64_t iova, qaic::ConstSpan from) noexcept override
    {
        std::byte* p = at(iova, from.size());
        if (p != nullptr) std::memcpy(p, from.data(), from.size());
        return p != nullptr;
    }
    void raise_msi(unsigned) noexcept override {}

    /// Answers one register access of the child, if one is waiting.
    bool serve(card::Card& card) noexcept
    {
        card.set_bus_master(alive && shared_.bus_master.load(std::memory_order_acquire) != 0);
        switch (shared_.turn.load(std::memory_order_acquire)) {
        case Shared::READ: shared_.value.store(card.read32(aic100::bar_mhi, shared_.offset)); break;
        case Shared::WRITE: card.write32(aic100::bar_mhi, shared_.offset, shared_.value); break;
        default: return false;
        }
        shared_.turn.store(Shared::DONE, std::memory_order_release);
        return true;
    }
    bool alive = true;

  private:
    [[nodiscard]] std::byte* at(std::uint64_t iova, std::size_t bytes) const noexcept
    {
        if (!alive || iova < shm_iova || iova - shm_iova > shm_dma_bytes ||
            bytes > shm_dma_bytes - (iova - shm_iova))
            return nullptr;
        return shared_.dma + (iova - shm_iova);
    }
    Shared& shared_;
};

/// Child's side.
class ShmBus final : public qaic::Bus {
  public:
    ShmBus(Shared& shared, std::byte* window) : shared_(shared), window_(window) {}
    std::uint32_t mhi_read32(std::uint32_t offset) noexcept override
    {
        return access(Shared::READ, offset, 0);
    }
    void mhi_write32(std::uint32_t offset, std::uint32_t value) noexcept override
    {
        (void)access(Shared::WRITE, offset, value);
    }
    std::uint32_t mhi_bytes() const noexcept override { return aic100::bar_mhi_bytes; }
    volatile std::byte* dbc_window() noexcept override { return window_; }
    std::uint64_t dbc_bytes() const noexcept override { return aic100::bar_dbc_bytes; }
    qaic::Result<void> set_bus_master(bool on) noexcept override
    {
        shared_.bus_master.store(on, std::memory_order_release);
        (void)access(Shared::READ, 0, 0); // the parent takes it over before it answers
        return {};
    }
    qaic::Result<qaic::DmaMemory> dma_alloc(std::size_t bytes, std::size_t align, const char* name) override
    {
        const auto start = (used_ + align - 1) / align * align;
        if (start + bytes > shm_dma_bytes)
            return qaic::fail(qaic::Code::E_HUGE, "shm pool: {} wants {}", name, bytes);
        used_ = start + bytes;
        std::memset(shared_.dma + start, 0, bytes);
        return qaic::DmaMemory(this, shared_.dma + start, {shm_iova + start}, bytes);
    }
    qaic::Result<void> dma_map(void*, qaic::Iova, std::size_t) override
    {
        return qaic::fail(qaic::Code::E_UNSUPP, "foreign memory");
    }
    qaic::Result<void> dma_unmap(qaic::Iova, std::size_t) override { return {}; }
    void dma_free(std::byte*, qaic::Iova, std::size_t) noexcept override {
    } // a bump pool: the process is short-lived
    const qaic::Clock& clock() const noexcept override { return clock_; }
    void relax(qaic::Nanos at_most) noexcept override
    {
        const auto ns = std::min<qaic::Nanos>(at_most, std::chrono::microseconds(50)).count();
        const timespec t{0, ns};
        nanosleep(&t, nullptr);
    }
    const std::string& name() const noexcept override { return name_; }
    void count_point() noexcept { shared_.points.fetch_add(1); }

  private:
    /// All-ones when the parent does not answer within a second: the card is gone.
    std::uint32_t access(Shared::Turn turn, std::uint32_t offset, std::uint32_t value) noexcept
    {
        count_point();
        shared_.offset.store(offset);
        shared_.value.store(value);
        shared_.turn.store(turn, std::memory_order_release);
        const auto start = clock_.now();
        while (shared_.turn.load(std::memory_order_acquire) != Shared::DONE) {
            sched_yield();
            if (clock_.now() - start > std::chrono::seconds(1)) return aic100::all_ones;
        }
        const auto got = shared_.value.load();
        shared_.turn.store(Shared::IDLE, std::memory_order_release);
        return got;
    }
    Shared& shared_;
    std::byte* window_;
    qaic::SteadyClock clock_;
    std::string name_ = "shm0";
    std::size_t used_ = 0;
};

} // namespace test
