// SPDX-License-Identifier: BSD-3-Clause
// Taking responses off a channel. HOT. Every word is copied, checked, then used (guards Q-*,
// reliability.md 3.2); what the loop needs is kept in locals, since any store through a token could change a
// member for all the compiler knows.
#pragma once
#include "qaic/dbc/lane.hpp"

namespace qaic::dbc {

template<class Deliver>
__rte_always_inline std::uint32_t Channel::drain(std::uint32_t max, Deliver&& deliver) noexcept
{
    const auto most = readable(max);
    const auto format = ids;
    auto* const words = responses;
    auto* const held = slots;
    const auto wrap = mask;
    auto at = head;
    std::uint32_t i = 0;
    auto n = static_cast<std::uint32_t>(std::min<std::uint64_t>(most, published_seen - completed));
    for (;; ++i, at = (at + 1) & wrap) {
        if (unlikely(i == n)) {
            // Nothing more is owed by what was seen last of the producer: is anything there all the same?
            if (n == most || load_word(words[at]) == poison_word) break;
            n = static_cast<std::uint32_t>(std::min<std::uint64_t>(most, credit_now()));
            if (i == n) {
                raise(Guard::Q_CNT, i + 1, i);
                break;
            }
        }
        auto word = load_word(words[at]);
        if (unlikely(word == poison_word) && (word = missing_word(at)) == poison_word) break;
        const auto id = static_cast<std::uint16_t>(word);
        auto& slot = held[format.slot(id)]; // there is one for every value of the id's slot bits
        const auto was = slot.state.load(std::memory_order_acquire);
        if (unlikely((was & key_mask) != (live_bit | id))) {
            raise(Guard::Q_ID, id, slot_count);
            break;
        }
        void* const token = slot.token;
        slot.state.store(id, std::memory_order_relaxed);
        words[at] = poison_word;
        deliver(i,
                Done{token, static_cast<std::uint16_t>(format.slot(id)),
                     static_cast<std::uint16_t>(was >> epoch_shift), static_cast<std::uint16_t>(word >> 16),
                     static_cast<std::uint16_t>(was >> more_shift)});
    }
    if (i == 0) return 0;
    head = at;
    completed += i;
    unacknowledged += i;
    if (unacknowledged < acknowledge_at) return i;
    unacknowledged = 0;
    post_register(reg_rsphp, at); // elements were read and refilled: their slots are the card's again
    return i;
}

} // namespace qaic::dbc
