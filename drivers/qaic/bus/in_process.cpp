// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/bus/in_process.hpp"
#include "aic100/regs/registers.hpp"
#include <cstring>
#include <new>
#include <thread>

namespace qaic {

InProcessBus::Allocator InProcessBus::heap()
{
    // IOVA and address must not be mistaken for one another: tests run with an offset between them.
    static constexpr std::uint64_t offset = 1ull << 48;
    struct Alignments {
        std::mutex lock;
        std::unordered_map<std::byte*, std::size_t> of;
    };
    const auto known = std::make_shared<Alignments>();
    Allocator a;
    a.take = [known](std::size_t bytes, std::size_t align, const char* what) -> Result<Block> {
        void* p = ::operator new (bytes, std::align_val_t{align}, std::nothrow);
        if (p == nullptr) return fail(Code::E_NOMEM, "heap: {} bytes for {}", bytes, what);
        std::memset(p, 0, bytes);
        auto* va = static_cast<std::byte*>(p);
        const std::lock_guard guard(known->lock);
        known->of[va] = align;
        return Block{va, Iova{reinterpret_cast<std::uintptr_t>(p) + offset}};
    };
    a.give = [known](std::byte* va) {
        const std::lock_guard guard(known->lock);
        const auto it = known->of.find(va);
        if (it == known->of.end()) return;
        ::operator delete (va, std::align_val_t{it->second});
        known->of.erase(it);
    };
    return a;
}

InProcessBus::InProcessBus(InProcessLink& link, std::string name, Allocator allocator)
    : Bus(link.reach()), link_(link), name_(std::move(name)), allocator_(std::move(allocator))
{}

InProcessBus::~InProcessBus()
{
    disconnect();
    for (const auto& [va, block] : owned_) allocator_.give(va); // retired memory: no DMA is left by now
}

void InProcessBus::disconnect() noexcept
{
    if (!connected_) return;
    connected_ = false;
    // Without an address map of our own the card must not move at all while memory goes: bus master first.
    link_.card().set_bus_master(false);
    bus_master_ = false;
    if (!allocator_.mapped)
        for (const auto& [va, block] : owned_) link_.punch(block.iova, block.bytes);
    for (const auto& [iova, bytes] : foreign_) link_.punch(Iova{iova}, bytes);
    foreign_.clear();
}

std::uint32_t InProcessBus::mhi_read32(std::uint32_t offset) noexcept
{
    return connected_ ? link_.card().read32(aic100::bar_mhi, offset) : aic100::all_ones;
}

void InProcessBus::mhi_write32(std::uint32_t offset, std::uint32_t value) noexcept
{
    if (connected_) link_.card().write32(aic100::bar_mhi, offset, value);
}

std::uint32_t InProcessBus::mhi_bytes() const noexcept
{
    return static_cast<std::uint32_t>(aic100::bar_mhi_bytes);
}

volatile std::byte* InProcessBus::dbc_window() noexcept { return link_.card().dbc_window().data(); }
std::uint64_t InProcessBus::dbc_bytes() const noexcept { return link_.card().dbc_window().size(); }

Bus::WindowFile InProcessBus::dbc_window_file() const
{
    return {link_.card().dbc_window_fd(), 0, {{0, aic100::bar_dbc_bytes}}};
}

Result<void> InProcessBus::set_bus_master(bool on) noexcept
{
    if (!connected_) return fail(Code::E_REMOVED, "{}: bus is disconnected", name_);
    link_.card().set_bus_master(on);
    bus_master_ = on;
    return {};
}

Result<int> InProcessBus::completion_fd(unsigned dbc)
{
    QAIC_TRY(const int fd, link_.msi_fd(dbc + 1));
    // MSI Enable, with as many messages as the card offers.
    if (connected_) link_.card().set_msi_messages(aic100::msi_vectors_offered);
    return fd;
}

Result<DmaMemory> InProcessBus::dma_alloc(std::size_t bytes, std::size_t align, const char* what)
{
    if (bytes == 0 || align < 64 || (align & (align - 1)) != 0)
        return fail(Code::E_INVAL, "{}: DMA memory of {} bytes aligned to {}", name_, bytes, align);
    QAIC_TRY(const auto block, allocator_.take(bytes, align, what));
    if (!allocator_.mapped && connected_) {
        if (auto mapped = link_.map(block.iova, block.va, bytes); !mapped) {
            allocator_.give(block.va);
            return tl::unexpected(std::move(mapped).error());
        }
    }
    owned_[block.va] = {block.iova, bytes};
    allocated_ += bytes;
    return DmaMemory(this, block.va, block.iova, bytes);
}

void InProcessBus::dma_free(std::byte* va, Iova iova, std::size_t bytes) noexcept
{
    if (owned_.erase(va) == 0) return;
    allocated_ -= bytes;
    if (!allocator_.mapped && connected_) link_.punch(iova, bytes);
    allocator_.give(va);
}

Result<void> InProcessBus::dma_map(void* va, Iova iova, std::size_t bytes)
{
    QAIC_CHECK(link_.map(iova, static_cast<std::byte*>(va), bytes));
    foreign_[iova.value] = bytes;
    return {};
}

Result<void> InProcessBus::dma_unmap(Iova iova, std::size_t bytes)
{
    QAIC_CHECK(link_.unmap(iova, bytes));
    foreign_.erase(iova.value);
    return {};
}

void InProcessBus::relax(Nanos at_most) noexcept
{
    if (!link_.threaded() && link_.step()) return;
    std::this_thread::sleep_for(std::min<Nanos>(at_most, 50us));
}

} // namespace qaic
