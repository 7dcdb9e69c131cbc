// SPDX-License-Identifier: BSD-3-Clause
// The flows that are being watched, in memory taken once. Not rte_hash: it wants EAL, keeps positions and not
// states, and when it is full it refuses where here the flow that has been silent longest makes room. HOT:
// find().
#pragma once
#include "flow/features.hpp"
#include <vector>

namespace flow {

/// One thread. Buckets of eight flows: a new flow that finds its bucket full takes the place of the one there
/// that was silent longest. The hash has no secret: who makes flows collide makes the table forget some, and
/// no call takes longer.
class Table {
  public:
    struct Counts {
        std::uint64_t flows = 0;   ///< in the table now
        std::uint64_t begun = 0;   ///< ever
        std::uint64_t evicted = 0; ///< of those, before their time
    };

    static constexpr std::size_t bucket_flows = 8;

    /// `capacity` flows, rounded up to a power of two, at least 8; 136 bytes each. A flow silent for more
    /// than `idle_us` starts anew with its next packet.
    Table(std::size_t capacity, std::uint64_t idle_us);

    /// Call it some packets before find() of the same key.
    void prefetch(std::uint64_t hash) const noexcept { __builtin_prefetch(&tags_[hash & mask_]); }
    /// The state of the key's flow; of a new one not started. Good until the next call.
    [[nodiscard]] State& find(const Key& key, std::uint64_t hash, std::uint64_t now_us) noexcept
    {
        auto& tags = tags_[hash & mask_].of;
        auto* const entries = &entries_[(hash & mask_) * bucket_flows];
        const auto tag = tag_of(hash);
        for (std::size_t i = 0; i < bucket_flows; ++i)
            if (tags[i] == tag && entries[i].key == key) return current(entries[i].state, now_us);
        return take(tags, entries, key, tag);
    }
    [[nodiscard]] State& find(const Key& key, std::uint64_t now_us) noexcept
    {
        return find(key, hash_of(key), now_us);
    }

    [[nodiscard]] static std::uint64_t hash_of(const Key& key) noexcept
    {
        std::uint64_t h = 0x9e3779b97f4a7c15u; // odd, no structure: 2^64 / golden ratio
        for (const auto word : key.words) {
            h = (h ^ word) * 0xd6e8feb86659fd93u;
            h ^= h >> 32;
        }
        return h;
    }
    [[nodiscard]] const Counts& counts() const noexcept { return counts_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return entries_.size(); }

  private:
    struct alignas(32) Tags {
        std::uint32_t of[bucket_flows]; ///< 0: free
    };
    struct alignas(64) Entry {
        Key key;
        State state;
    };
    static_assert(sizeof(Entry) == 128);

    static std::uint32_t tag_of(std::uint64_t hash) noexcept
    {
        return static_cast<std::uint32_t>(hash >> 32) | 1u;
    }
    State& current(State& s, std::uint64_t now_us) const noexcept
    {
        if (now_us > s.last_us && now_us - s.last_us > idle_us_) s = {};
        return s;
    }
    State& take(std::uint32_t (&tags)[bucket_flows], Entry* entries, const Key& key,
                std::uint32_t tag) noexcept;

    std::vector<Tags> tags_;
    std::vector<Entry> entries_;
    std::uint64_t mask_, idle_us_;
    Counts counts_;
};

} // namespace flow
