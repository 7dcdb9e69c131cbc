// SPDX-License-Identifier: BSD-3-Clause
// The contract suite's view of a bus: a slot with an emulated card in it, and drivers that come and go as
// processes do. One implementation for each way a driver of ours can reach a card without a machine around it
// (PCI is tested in a virtual machine, tests/vm).
#pragma once
#include "card/card.hpp"
#include "qaic/bus/bus.hpp"
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace test {
using namespace qaic;

/// A driver's bus, which a test can count accesses on and cut off.
class SlotBus : public Bus {
  public:
    /// Called before each access to an MHI register with the number of accesses so far (0 for the first).
    using AccessHook = std::function<void(std::uint64_t access)>;
    SlotBus(std::unique_ptr<Bus> bus, std::function<void()> cut) : bus_(std::move(bus)), cut_(std::move(cut))
    {}

    void on_access(AccessHook hook) { hook_ = std::move(hook); }
    [[nodiscard]] std::uint64_t accesses() const noexcept { return accesses_; }
    /// The process dies here: its maps and bus mastering go, to the driver the card is gone. The card runs
    /// on.
    void kill() { cut_(); }

    std::uint32_t mhi_read32(std::uint32_t offset) noexcept override
    {
        return count(), bus_->mhi_read32(offset);
    }
    void mhi_write32(std::uint32_t offset, std::uint32_t value) noexcept override
    {
        count();
        bus_->mhi_write32(offset, value);
    }
    std::uint32_t mhi_bytes() const noexcept override { return bus_->mhi_bytes(); }
    volatile std::byte* dbc_window() noexcept override { return bus_->dbc_window(); }
    std::uint64_t dbc_bytes() const noexcept override { return bus_->dbc_bytes(); }
    Result<void> set_bus_master(bool on) noexcept override { return bus_->set_bus_master(on); }
    Result<DmaMemory> dma_alloc(std::size_t bytes, std::size_t align, const char* name) override
    {
        return bus_->dma_alloc(bytes, align, name);
    }
    Result<void> dma_map(void* va, Iova iova, std::size_t bytes) override
    {
        return bus_->dma_map(va, iova, bytes);
    }
    Result<void> dma_unmap(Iova iova, std::size_t bytes) override { return bus_->dma_unmap(iova, bytes); }
    void dma_free(std::byte* va, Iova iova, std::size_t bytes) noexcept override
    {
        bus_->dma_free(va, iova, bytes);
    }
    const Clock& clock() const noexcept override { return bus_->clock(); }
    void relax(Nanos at_most) noexcept override { bus_->relax(at_most); }
    const std::string& name() const noexcept override { return bus_->name(); }

  protected:
    /// Destroys the bus before its time.
    void close() noexcept { bus_.reset(); }

  private:
    void count() noexcept
    {
        if (hook_) hook_(accesses_);
        ++accesses_;
    }
    std::unique_ptr<Bus> bus_;
    std::function<void()> cut_;
    AccessHook hook_;
    std::uint64_t accesses_ = 0;
};

class Slot {
  public:
    virtual ~Slot() = default;
    /// A driver process arrives; one at a time, and it leaves when the bus is destroyed.
    [[nodiscard]] virtual Result<std::unique_ptr<SlotBus>> plug() = 0;
    /// Runs `what` where it is safe to touch the card; returns when it is done.
    virtual void with_card(const std::function<void(card::Card&)>& what) = 0;
    /// Ranges of the plugged driver's memory that the card can reach.
    [[nodiscard]] virtual std::size_t maps() = 0;
    /// DMA accesses to memory that no driver has mapped, since the slot was made.
    [[nodiscard]] virtual std::uint64_t refused() = 0;
    [[nodiscard]] virtual const Clock& clock() const = 0;
    /// Time is the machine's: limits must be real ones, and repetitions few.
    [[nodiscard]] virtual bool real_time() const = 0;

    [[nodiscard]] card::Stage stage()
    {
        card::Stage s{};
        with_card([&](card::Card& c) { s = c.stage(); });
        return s;
    }
};

struct SlotKind {
    const char* name;
    std::unique_ptr<Slot> (*make)(card::CardConfig config);
};
inline std::ostream& operator<<(std::ostream& out, const SlotKind& kind) { return out << kind.name; }

/// Stepped: in this process under a manual clock, the same every time. InProcess: with a thread for the card.
/// VfioUser: the same over a socket to a server thread.
[[nodiscard]] const std::vector<SlotKind>& all_slots();
/// Without Stepped: for what is about throughput.
[[nodiscard]] const std::vector<SlotKind>& threaded_slots();

/// INSTANTIATE_TEST_SUITE_P(Bus, X, ::testing::ValuesIn(all_slots()), slot_name);
inline constexpr auto slot_name = [](const auto& info) { return std::string(info.param.name); };

} // namespace test
