// SPDX-License-Identifier: BSD-3-Clause
// Command, transfer and event ring. What we put into shared memory is kept a second time in private memory
// and only that copy is trusted (reliability.md 3.1 rule 2). One thread. aic100-device.md 2.8, 2.9.
#pragma once
#include "aic100/wire/mhi.hpp"
#include "qaic/mhi/contexts.hpp"
#include <cstdint>
#include <optional>
#include <vector>

namespace qaic::mhi {

/// Memory of one ring and the arithmetic of positions in it.
class RingMemory {
  public:
    /// Allocates once; a ring keeps its size for life.
    [[nodiscard]] Result<void> allocate(Bus& bus, unsigned elements, const char* name);
    void clear() noexcept;
    [[nodiscard]] unsigned size() const noexcept { return elements_; }
    [[nodiscard]] unsigned next(unsigned i) const noexcept { return i + 1 == elements_ ? 0 : i + 1; }
    [[nodiscard]] unsigned distance(unsigned from, unsigned to) const noexcept
    {
        return to >= from ? to - from : to + elements_ - from;
    }
    [[nodiscard]] std::uint64_t address(unsigned i) const noexcept
    {
        return memory_.iova().value + i * aic100::ring_element_bytes;
    }
    /// Position of a pointer the card chose: inside the ring and 16-byte aligned, or nothing.
    [[nodiscard]] std::optional<unsigned> index_of(std::uint64_t pointer) const noexcept;
    [[nodiscard]] std::byte* at(unsigned i) const noexcept
    {
        return memory_.data() + i * aic100::ring_element_bytes;
    }
    [[nodiscard]] RingPlace place() const noexcept { return {memory_.iova().value, memory_.size()}; }
    [[nodiscard]] DmaMemory& memory() noexcept { return memory_; }

  private:
    DmaMemory memory_;
    unsigned elements_ = 0;
};

/// Commands go out one by one, each with its outcome. A command whose wait ended early is abandoned: its late
/// completion is recognised and changes nothing.
class CommandRing {
  public:
    enum class State : std::uint8_t { IDLE, WAITING, ABANDONED, DONE };
    enum class Verdict : std::uint8_t { ACCEPTED, LATE, VIOLATION };

    [[nodiscard]] Result<void> allocate(Bus& bus);
    void reset() noexcept;
    [[nodiscard]] const RingMemory& memory() const noexcept { return memory_; }
    [[nodiscard]] RingMemory& memory() noexcept { return memory_; }

    /// Writes the element; nothing when 127 commands are unanswered.
    [[nodiscard]] std::optional<unsigned> push(aic100::Command command, std::uint8_t channel) noexcept;
    [[nodiscard]] unsigned write_index() const noexcept { return write_; }
    /// Guard M-CMD: the pointer must name the oldest command that somebody still waits for; abandoned ones
    /// before it are given up.
    [[nodiscard]] Verdict complete(std::uint64_t pointer, std::uint8_t code) noexcept;
    void abandon(unsigned index) noexcept { slots_[index].state = State::ABANDONED; }
    [[nodiscard]] bool done(unsigned index) const noexcept { return slots_[index].state == State::DONE; }
    [[nodiscard]] std::uint8_t code(unsigned index) const noexcept { return slots_[index].code; }

  private:
    struct Slot {
        State state = State::IDLE;
        std::uint8_t code = 0;
    };
    RingMemory memory_;
    std::vector<Slot> slots_;
    unsigned read_ = 0, write_ = 0;
};

/// One transfer ring, either direction. Each element's buffer, length and chain flag live in the shadow.
class TransferRing {
  public:
    struct Slot {
        DmaMemory buffer; ///< owned by the last element of a TD
        std::uint32_t length = 0;
        bool chained = false;
    };
    [[nodiscard]] Result<void> allocate(Bus& bus, unsigned elements);
    void reset() noexcept;
    [[nodiscard]] const RingMemory& memory() const noexcept { return memory_; }
    [[nodiscard]] RingMemory& memory() noexcept { return memory_; }

    [[nodiscard]] unsigned used() const noexcept { return memory_.distance(read_, write_); }
    [[nodiscard]] unsigned room() const noexcept { return memory_.size() - 1 - used(); }
    [[nodiscard]] unsigned write_index() const noexcept { return write_; }
    /// There must be room.
    void push(std::uint64_t iova, std::uint32_t length, bool chained, DmaMemory buffer) noexcept;

    /// Guard M-TRE: position of the element an event names, if it ends the TD at the read position: every
    /// element skipped is chained in our shadow, and it itself is not.
    [[nodiscard]] std::optional<unsigned> find(std::uint64_t pointer) const noexcept;
    /// Takes the elements up to and including `index` off the ring; returns the last one.
    [[nodiscard]] Slot take(unsigned index) noexcept;
    /// Takes the oldest element, whatever it is; nothing when empty.
    [[nodiscard]] std::optional<Slot> drop() noexcept;

  private:
    RingMemory memory_;
    std::vector<Slot> slots_;
    unsigned read_ = 0, write_ = 0;
};

/// The single event ring. Consumed slots are zeroed, so that an rp published before its element is seen.
class EventRing {
  public:
    enum class Poll : std::uint8_t { NONE, EVENT, NOT_YET, VIOLATION };

    [[nodiscard]] Result<void> allocate(Bus& bus);
    void reset() noexcept;
    [[nodiscard]] const RingMemory& memory() const noexcept { return memory_; }
    [[nodiscard]] RingMemory& memory() noexcept { return memory_; }

    /// Guard M-ERP on `rp` as the card published it, then the next element, copied. NOT_YET: the element
    /// behind rp is still empty; VIOLATION when it stays so for 64 looks.
    [[nodiscard]] Poll next(std::uint64_t rp, aic100::RingElement& event) noexcept;
    /// Address up to which the card may write: the element before our read position.
    [[nodiscard]] std::uint64_t write_pointer() const noexcept;

  private:
    static constexpr unsigned stale_limit = 64;
    RingMemory memory_;
    unsigned read_ = 0, stale_ = 0;
};

} // namespace qaic::mhi
