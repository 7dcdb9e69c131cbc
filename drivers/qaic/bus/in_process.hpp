// SPDX-License-Identifier: BSD-3-Clause
// An emulated card in this process. InProcessLink is the slot it sits in: address map, MSI, and whoever polls
// it; it outlives the InProcessBus objects (drivers) that come and go on it, as a slot outlives processes.
#pragma once
#include "card/card.hpp"
#include "qaic/bus/address_map.hpp"
#include "qaic/bus/bus.hpp"
#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <unordered_map>

namespace qaic {

class InProcessLink final : public card::HostPort {
  public:
    /// Runs `body` on a thread of its own; the function returned waits for its end. The DPDK layer passes one
    /// that keeps the thread off the data cores.
    using Joiner = std::function<void()>;
    using ThreadStarter = std::function<Result<Joiner>(std::function<void()> body)>;
    struct Idle {
        unsigned spins = 2000; ///< polls without work before the thread begins to sleep
        Nanos sleep = 20us;    ///< each sleep then; 0 = never sleep
    };

    InProcessLink(card::CardConfig config, const Clock& clock);
    ~InProcessLink() override;

    [[nodiscard]] card::Card& card() noexcept { return *card_; }
    [[nodiscard]] const Clock& clock() const noexcept { return clock_; }

    // ---- the poller: either a thread of the link, or somebody who calls step(). Never both.
    [[nodiscard]] Result<void> start(const ThreadStarter& starter, Idle idle);
    [[nodiscard]] Result<void> start(const ThreadStarter& starter) { return start(starter, Idle{}); }
    void stop() noexcept;
    [[nodiscard]] bool threaded() const noexcept { return static_cast<bool>(join_); }
    /// One Card::poll(). True when anything was done. Gives way to waiting map changes first.
    bool step();

    // ---- address map. Any thread; a change waits for the poll pass in flight, so that after unmap() returns
    // no DMA to that memory is left.
    [[nodiscard]] Result<void> map(Iova iova, std::byte* va, std::size_t bytes);
    [[nodiscard]] Result<void> unmap(Iova iova, std::size_t bytes);
    void punch(Iova iova, std::size_t bytes);
    [[nodiscard]] std::size_t maps();
    [[nodiscard]] Reach& reach() noexcept { return reach_; }

    // ---- MSI
    [[nodiscard]] std::uint64_t msi_count(unsigned vector) const noexcept;
    /// Called for each MSI on the polling thread; must not block. Set before the poller runs.
    void on_msi(std::function<void(unsigned vector)> hook) { msi_hook_ = std::move(hook); }
    /// An eventfd that is written to for each MSI of the vector from now on; the link keeps it.
    [[nodiscard]] Result<int> msi_fd(unsigned vector);
    /// DMA accesses refused because a byte was not mapped.
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_.load(std::memory_order_relaxed); }

    // ---- card::HostPort: polling thread only
    bool read(std::uint64_t iova, MutSpan to) noexcept override;
    bool write(std::uint64_t iova, ConstSpan from) noexcept override;
    void raise_msi(unsigned vector) noexcept override;

  private:
    template<class Change>
    auto change(Change&& how);
    void run(Idle idle);

    const Clock& clock_;
    std::mutex dma_;                   ///< held for a poll pass, or for a change of the map
    std::atomic<unsigned> changes_{0}; ///< waiting for dma_: the poller lets them go first
    AddressMap map_;
    Reach reach_; ///< the same for the driver's data path
    std::atomic<std::uint64_t> refused_{0};
    std::array<std::atomic<std::uint64_t>, 32> msi_{};
    std::function<void(unsigned)> msi_hook_;
    std::array<std::atomic<int>, 32> msi_fds_; ///< -1: nobody asked
    std::atomic<bool> stop_{false};
    Joiner join_;
    std::unique_ptr<card::Card> card_;
};

/// A driver's view of a card on an InProcessLink. Destroying it is what the end of a process is to a real
/// card: maps and bus mastering vanish at once, the card runs on.
class InProcessBus : public Bus {
  public:
    struct Block {
        std::byte* va = nullptr;
        Iova iova{};
    };
    /// Where DMA memory comes from. `mapped` memory is in the link's address map already (EAL memory).
    struct Allocator {
        std::function<Result<Block>(std::size_t bytes, std::size_t align, const char* name)> take;
        std::function<void(std::byte* va)> give;
        bool mapped = false;
        std::pmr::memory_resource* burst = std::pmr::new_delete_resource(); ///< of burst_memory()
    };
    /// Memory from the heap, at IOVAs that differ from its addresses.
    static Allocator heap();

    InProcessBus(InProcessLink& link, std::string name, Allocator allocator = heap());
    ~InProcessBus() override;
    InProcessBus(const InProcessBus&) = delete;
    InProcessBus& operator=(const InProcessBus&) = delete;

    std::uint32_t mhi_read32(std::uint32_t offset) noexcept override;
    void mhi_write32(std::uint32_t offset, std::uint32_t value) noexcept override;
    std::uint32_t mhi_bytes() const noexcept override;
    volatile std::byte* dbc_window() noexcept override;
    std::uint64_t dbc_bytes() const noexcept override;
    WindowFile dbc_window_file() const override;
    Result<void> set_bus_master(bool on) noexcept override;
    Result<DmaMemory> dma_alloc(std::size_t bytes, std::size_t align, const char* name) override;
    Result<void> dma_map(void* va, Iova iova, std::size_t bytes) override;
    Result<void> dma_unmap(Iova iova, std::size_t bytes) override;
    void dma_free(std::byte* va, Iova iova, std::size_t bytes) noexcept override;
    std::pmr::memory_resource& burst_memory() noexcept override { return *allocator_.burst; }
    Result<int> completion_fd(unsigned dbc) override;
    const Clock& clock() const noexcept override { return link_.clock(); }
    void relax(Nanos at_most) noexcept override;
    const std::string& name() const noexcept override { return name_; }

    [[nodiscard]] InProcessLink& link() noexcept { return link_; }
    [[nodiscard]] bool bus_master() const noexcept { return bus_master_; }
    /// Bytes of DMA memory handed out and not freed.
    [[nodiscard]] std::size_t dma_bytes() const noexcept { return allocated_; }

  protected:
    /// What the death of the owning process does: maps gone, bus master off, memory not yet freed.
    void disconnect() noexcept;

  private:
    struct Owned {
        Iova iova;
        std::size_t bytes;
    };
    InProcessLink& link_;
    std::string name_;
    Allocator allocator_;
    std::unordered_map<std::byte*, Owned> owned_;            ///< handed out by dma_alloc
    std::unordered_map<std::uint64_t, std::size_t> foreign_; ///< dma_map: iova -> bytes
    std::size_t allocated_ = 0;
    bool connected_ = true, bus_master_ = false;
};

} // namespace qaic
