// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/mhi/rings.hpp"

namespace qaic::mhi {
using namespace aic100;

// ---- RingMemory
Result<void> RingMemory::allocate(Bus& bus, unsigned elements, const char* name)
{
    if (memory_) return {};
    const std::size_t bytes = elements * ring_element_bytes;
    // A ring is aligned to its own length (2.7).
    QAIC_TRY(memory_, bus.dma_alloc(bytes, bytes, name));
    elements_ = elements;
    return {};
}

void RingMemory::clear() noexcept
{
    for (unsigned i = 0; i < elements_; ++i) shared_put(at(i), RingElement{});
}

std::optional<unsigned> RingMemory::index_of(std::uint64_t pointer) const noexcept
{
    const auto base = memory_.iova().value;
    if (pointer < base || pointer - base >= memory_.size()) return std::nullopt;
    const auto offset = pointer - base;
    if (offset % ring_element_bytes != 0) return std::nullopt;
    return static_cast<unsigned>(offset / ring_element_bytes);
}

// ---- CommandRing
Result<void> CommandRing::allocate(Bus& bus)
{
    slots_.resize(command_ring_elements);
    return memory_.allocate(bus, command_ring_elements, "mhi_cmd");
}

void CommandRing::reset() noexcept
{
    read_ = write_ = 0;
    for (auto& s : slots_) s = {};
    memory_.clear();
}

std::optional<unsigned> CommandRing::push(Command command, std::uint8_t channel) noexcept
{
    if (memory_.next(write_) == read_) return std::nullopt;
    const auto index = write_;
    shared_put(memory_.at(index), make_command(command, channel));
    slots_[index] = {State::WAITING, 0};
    write_ = memory_.next(write_);
    return index;
}

CommandRing::Verdict CommandRing::complete(std::uint64_t pointer, std::uint8_t code) noexcept
{
    const auto index = memory_.index_of(pointer);
    if (!index || memory_.distance(read_, *index) >= memory_.distance(read_, write_))
        return Verdict::VIOLATION;
    for (auto i = read_; i != *index; i = memory_.next(i))
        if (slots_[i].state != State::ABANDONED) return Verdict::VIOLATION;
    read_ = memory_.next(*index);
    auto& slot = slots_[*index];
    if (slot.state == State::ABANDONED) return Verdict::LATE;
    slot = {State::DONE, code};
    return Verdict::ACCEPTED;
}

// ---- TransferRing
Result<void> TransferRing::allocate(Bus& bus, unsigned elements)
{
    slots_.resize(elements);
    return memory_.allocate(bus, elements, "mhi_ring");
}

void TransferRing::reset() noexcept
{
    read_ = write_ = 0;
    memory_.clear();
}

void TransferRing::push(std::uint64_t iova, std::uint32_t length, bool chained, DmaMemory buffer) noexcept
{
    shared_put(memory_.at(write_), make_tre(iova, length, chained));
    slots_[write_] = {std::move(buffer), length, chained};
    write_ = memory_.next(write_);
}

std::optional<unsigned> TransferRing::find(std::uint64_t pointer) const noexcept
{
    const auto index = memory_.index_of(pointer);
    if (!index || memory_.distance(read_, *index) >= used() || slots_[*index].chained) return std::nullopt;
    for (auto i = read_; i != *index; i = memory_.next(i))
        if (!slots_[i].chained) return std::nullopt;
    return index;
}

TransferRing::Slot TransferRing::take(unsigned index) noexcept
{
    read_ = memory_.next(index);
    return std::move(slots_[index]);
}

std::optional<TransferRing::Slot> TransferRing::drop() noexcept
{
    if (read_ == write_) return std::nullopt;
    return take(read_);
}

// ---- EventRing
Result<void> EventRing::allocate(Bus& bus) { return memory_.allocate(bus, event_ring_elements, "mhi_event"); }

void EventRing::reset() noexcept
{
    read_ = stale_ = 0;
    memory_.clear();
}

EventRing::Poll EventRing::next(std::uint64_t rp, RingElement& event) noexcept
{
    const auto published = memory_.index_of(rp);
    if (!published) return Poll::VIOLATION;
    if (*published == read_) return Poll::NONE;
    event = shared_copy<RingElement>(memory_.at(read_));
    if (event.ptr == 0 && event.dw0 == 0 && event.dw1 == 0)
        return ++stale_ > stale_limit ? Poll::VIOLATION : Poll::NOT_YET;
    stale_ = 0;
    shared_put(memory_.at(read_), RingElement{});
    read_ = memory_.next(read_);
    return Poll::EVENT;
}

std::uint64_t EventRing::write_pointer() const noexcept
{
    return memory_.address(read_ == 0 ? memory_.size() - 1 : read_ - 1);
}

} // namespace qaic::mhi
