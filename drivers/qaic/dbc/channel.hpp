// SPDX-License-Identifier: BSD-3-Clause
// One DMA-Bridge channel as the driver holds it: FIFO pair in DMA memory, four registers, and the slots that
// say which operation a request id stands for. HOT: everything here runs between "op in" and doorbell, or
// between response and "op out". aic100-device.md 5; guards Q-* of reliability.md 3.2; docs/adr/0002
//
// Sizes keep the request FIFO from ever being full: there are at least elements_per_op * slots + 1 elements,
// and a slot is freed only by the response of its operation, by when the card has fetched all its elements.
// So REQHP is never read.
#pragma once
#include "aic100/regs/registers.hpp"
#include "aic100/wire/dbc.hpp"
#include "qaic/dbc/deadlines.hpp"
#include "qaic/dbc/doorbell_trace.hpp"
#include "qaic/dbc/fault.hpp"
#include "qaic/dbc/registers.hpp"
#include "qaic/dbc/request_ids.hpp"
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_pause.h>

namespace qaic::dbc {

class Lane;

/// What a request id stands for. Written by the lane's producer, read and cleared by the channel's consumer.
struct alignas(16) Slot {
    void* token = nullptr; ///< the operation
    /// Bits 15:0 the id (the last one while free), bit 16 outstanding, 47:32 ticket of Deadlines, 63:48 one
    /// more than the next slot that the operation holds besides (chains of segments), else 0.
    std::atomic<std::uint64_t> state{0};
};
static_assert(sizeof(Slot) == 16);
inline constexpr std::uint64_t live_bit = 1u << 16, key_mask = 0x1ffff;
/// Held besides another slot by an operation over chains of segments: its token means nothing.
inline constexpr std::uint64_t besides_bit = 1u << 17;
inline constexpr unsigned epoch_shift = 32, more_shift = 48;

/// How the consumer learns of responses (docs/adr/0006). MEMORY: the next response word has been written over
/// its poison; no MMIO read at all. CONFIRMED: the same, then one read of RSPTP says how many of them count.
/// REGISTER: RSPTP alone; one MMIO read a poll that finds nothing known.
enum class Completions : std::uint8_t { MEMORY, CONFIRMED, REGISTER };

/// What broke a guard, for the text; written once by whoever faults the channel.
struct FaultRecord {
    Guard guard = Guard::NONE;
    std::uint32_t got = 0, limit = 0;
};

/// Set up by ChannelSetup (queue_setup.hpp); plain members because every one of them is on the fast path.
struct alignas(RTE_CACHE_LINE_SIZE) Channel {
    // ---- fixed while ACTIVE
    // -------------------------------------------------------------------------------------
    aic100::RequestElement* requests = nullptr;
    std::uint32_t* responses = nullptr;
    volatile std::uint32_t* reg_reqtp = nullptr;
    volatile std::uint32_t* reg_rsphp = nullptr;
    const volatile std::uint32_t* reg_rsptp = nullptr;
    Slot* slots = nullptr;
    Lane* lanes = nullptr;
    std::uint32_t mask = 0;           ///< FIFO elements - 1
    std::uint32_t slot_count = 0;     ///< over all lanes
    std::uint32_t slots_per_lane = 0; ///< a power of two
    std::uint16_t elements_per_op = 1;
    std::uint16_t lane_count = 1;
    std::uint8_t lane_shift = 0; ///< slot >> lane_shift = lane
    std::uint8_t dbc = 0;
    Completions completions = Completions::MEMORY;
    bool filled = false; ///< every element holds its template already (fill.hpp)
    IdFormat ids;
    std::atomic<ChannelState> state{ChannelState::UNBOUND};
    std::atomic<bool> fault_claimed{false};
    FaultRecord fault; ///< valid once state is FAULTED

    // ---- producers
    // ----------------------------------------------------------------------------------------------
    alignas(RTE_CACHE_LINE_SIZE) std::atomic<std::uint32_t> tail{0}; ///< reserved, free running
    std::atomic<std::uint32_t> turn{0};      ///< published, free running (several lanes)
    std::atomic<std::uint64_t> published{0}; ///< operations whose elements are visible
    std::uint64_t doorbells = 0;

    // ---- consumer (whoever holds `draining` when there are several lanes)
    // --------------------------------------------
    alignas(RTE_CACHE_LINE_SIZE) std::uint32_t head = 0; ///< next response to read
    std::uint32_t cached_tail = 0;                       ///< RSPTP as last read and checked
    std::uint32_t unacknowledged = 0;                    ///< read, but not yet told to the card by RSPHP
    std::uint32_t acknowledge_at = 1;                    ///< fixed: how many of those are worth a write
    std::uint64_t completed = 0;
    std::uint64_t published_seen = 0; ///< cached copy of `published`
    std::atomic<bool> draining{false};

    [[nodiscard]] bool active() const noexcept
    {
        return state.load(std::memory_order_acquire) == ChannelState::ACTIVE;
    }
    [[nodiscard]] bool shared() const noexcept { return lane_count > 1; }

    /// First fault wins; the control side takes it from there. Any thread.
    void raise(Guard guard, std::uint32_t got = 0, std::uint32_t limit = 0) noexcept
    {
        if (fault_claimed.exchange(true, std::memory_order_acq_rel)) return;
        fault = {guard, got, limit};
        state.store(ChannelState::FAULTED, std::memory_order_release);
    }

    /// Elements before doorbell; `published` before it too, or a fast card would answer more than it seems to
    /// owe.
    void publish(std::uint32_t new_tail, std::uint64_t ops) noexcept
    {
        published.store(published.load(std::memory_order_relaxed) + ops, std::memory_order_release);
        post_register(reg_reqtp, new_tail & mask);
        ++doorbells;
        trace_doorbell(dbc, new_tail & mask, ops);
    }

    /// Takes up to `max` responses and calls deliver(Done) for each; returns how many. Who is called finishes
    /// the operation: only then is its slot free.
    template<class Deliver>
    std::uint32_t drain(std::uint32_t max, Deliver&& deliver) noexcept;

  private:
    /// How many responses may be read now, at most `max`.
    [[nodiscard]] std::uint32_t readable(std::uint32_t max) noexcept
    {
        return completions == Completions::MEMORY ? max // the words themselves say
                                                  : std::min(readable_by_register(), max);
    }
    [[nodiscard]] std::uint32_t readable_by_register() noexcept
    {
        if (cached_tail != head) return (cached_tail - head) & mask;
        if (completions == Completions::CONFIRMED && load_word(responses[head]) == poison_word) return 0;
        const auto tail_now = read_register(reg_rsptp);
        if (tail_now == head) return 0;
        if (tail_now > mask) return raise(Guard::Q_RST, tail_now, mask + 1), 0;
        const auto fresh = (tail_now - head) & mask;
        if (const auto owed = credit_now(); fresh > owed)
            return raise(Guard::Q_CNT, fresh, static_cast<std::uint32_t>(owed)), 0;
        cached_tail = tail_now;
        return fresh;
    }
    /// One 32-bit load; what the card wrote before it (payload) is visible after it.
    [[nodiscard]] static std::uint32_t load_word(std::uint32_t& word) noexcept
    {
        return rte_le_to_cpu_32(std::atomic_ref<std::uint32_t>(word).load(std::memory_order_acquire));
    }
    /// The word at `index` is poison. With a register its index was published before it, so it may show a
    /// moment later, and poison after that is a fault.
    [[nodiscard]] std::uint32_t missing_word(std::uint32_t index) noexcept
    {
        if (completions == Completions::MEMORY) return poison_word;
        for (unsigned tries = 1; tries < 64; ++tries) {
            rte_pause();
            if (const auto w = load_word(responses[index]); w != poison_word) return w;
        }
        raise(Guard::Q_STALE, index, mask + 1);
        return poison_word;
    }
    /// Responses that published operations still have to their credit, by the producer's line; drain() looks
    /// there only when what it saw last is used up.
    [[nodiscard]] std::uint64_t credit_now() noexcept
    {
        published_seen = published.load(std::memory_order_acquire);
        return published_seen - completed;
    }
};

} // namespace qaic::dbc
