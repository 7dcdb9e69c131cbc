// SPDX-License-Identifier: BSD-3-Clause
// Requests a channel has fetched and may not start yet. One first-in-first-out queue for each presync
// semaphore (5.4: they execute in this order) and for each combination of fences without one, so that only
// queue heads are ever looked at; and the order of unfinished transfers per direction, which is what fences
// ask for.
#pragma once
#include "aic100/wire/dbc.hpp"
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

namespace card {

/// What an element waits for, worked out once.
struct SyncPlan {
    std::uint32_t presync = 0;  ///< command word; 0 = none
    std::uint8_t queue = 0;     ///< 0..31 presync semaphore, 32 + fences otherwise
    std::uint8_t fences = 0;    ///< bit 0: to-device transfers, bit 1: from-device transfers
    std::uint8_t direction = 0; ///< 0 none, 1 to-device, 2 from-device
    bool postsync = false;
    bool bad = false; ///< two presyncs, or the reserved command
};
[[nodiscard]] inline SyncPlan plan_of(const aic100::RequestElement& e) noexcept
{
    namespace w = aic100::sem_word;
    const std::uint32_t s[4] = {e.sem[0], e.sem[1], e.sem[2], e.sem[3]};
    SyncPlan p;
    p.direction = e.cmd & aic100::req_cmd::DIRECTION;
    const std::uint32_t any = s[0] | s[1] | s[2] | s[3];
    p.queue = aic100::semaphore_count;
    if (any == 0) return p;
    p.fences =
        static_cast<std::uint8_t>((any & w::FENCE_TO_DEVICE ? 1 : 0) | (any & w::FENCE_FROM_DEVICE ? 2 : 0));
    unsigned presyncs = 0;
    for (const auto word : s) {
        if ((word & w::ENABLE) == 0) continue; // a fence may stand in a disabled word (5.3)
        if (w::op(word) == static_cast<std::uint32_t>(aic100::SemOp::RESERVED)) p.bad = true;
        if ((word & w::PRESYNC) == 0) {
            p.postsync = true;
        } else {
            p.presync = word;
            ++presyncs;
        }
    }
    p.bad = p.bad || presyncs > 1;
    p.queue =
        static_cast<std::uint8_t>(presyncs != 0 ? w::index(p.presync) : aic100::semaphore_count + p.fences);
    return p;
}

class PendingList {
  public:
    struct Item {
        aic100::RequestElement element;
        SyncPlan plan;
        std::uint64_t order = 0;
        std::uint32_t next = none;                  ///< in its queue
        std::uint32_t earlier = none, later = none; ///< among unfinished transfers of its direction
    };
    static constexpr std::uint32_t none = 0xffffffff;
    static constexpr unsigned queues = aic100::semaphore_count + 4;

    void clear();
    void push(const aic100::RequestElement& element, const SyncPlan& plan);
    /// Place in the order of requests, for one that is not pushed.
    [[nodiscard]] std::uint64_t take_order() noexcept { return next_order_++; }
    /// Takes the head of `queue` off; the reference is good until the next push.
    const Item& pop(unsigned queue) noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool queue_empty(unsigned queue) const noexcept { return (occupied_ >> queue & 1) == 0; }
    /// Are all transfers of these directions older than `order` finished? For an element not in here yet
    /// `order` is its default: the youngest.
    [[nodiscard]] bool fences_hold(unsigned fences, std::uint64_t order = ~0ull) const noexcept
    {
        return ((fences & 1) == 0 || oldest(0) >= order) && ((fences & 2) == 0 || oldest(1) >= order);
    }
    /// Queue with the oldest head for which ready(item) holds; `queues` when there is none.
    template<class Ready>
    [[nodiscard]] unsigned first_ready(const Ready& ready) const noexcept
    {
        unsigned best = queues;
        std::uint64_t order = ~0ull;
        for (auto left = occupied_; left != 0; left &= left - 1) {
            const auto q = static_cast<unsigned>(std::countr_zero(left));
            const auto& item = items_[head_[q]];
            if (item.order < order && ready(item)) {
                best = q;
                order = item.order;
            }
        }
        return best;
    }

  private:
    [[nodiscard]] std::uint64_t oldest(unsigned direction) const noexcept
    {
        const auto at = first_transfer_[direction];
        return at == none ? ~0ull : items_[at].order;
    }
    std::uint32_t take_slot();
    void link_transfer(std::uint32_t at);
    void unlink_transfer(std::uint32_t at) noexcept;

    std::vector<Item> items_; ///< grows to the most ever pending, then is reused
    std::uint32_t free_ = none;
    std::uint64_t occupied_ = 0, next_order_ = 0;
    std::size_t size_ = 0;
    std::array<std::uint32_t, queues> head_{}, tail_{};
    std::array<std::uint32_t, 2> first_transfer_{none, none}, last_transfer_{none, none};
};

} // namespace card
