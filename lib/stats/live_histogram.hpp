// SPDX-License-Identifier: BSD-3-Clause
// A histogram that may be read while it is written: one writer, any number of readers, no lock. Coarser and
// smaller than Histogram: 32 buckets to a power of two, 15 KiB.
#pragma once
#include "stats/histogram.hpp"
#include "stats/live_count.hpp"

namespace qaic::stats {

class LiveHistogram {
  public:
    static constexpr unsigned sub_bits = 5; ///< a bucket's width is 1/32 of its value or less
    static constexpr std::size_t buckets = (65 - sub_bits) << sub_bits;

    /// The writer's thread.
    void record(std::uint64_t value) noexcept
    {
        counts_[bucket_of(value)].add(1);
        highest_.raise_to(value);
    }
    /// What was recorded so far, within 1.6 %; a value that is recorded meanwhile is in it or not.
    void copy_to(Histogram& out) const noexcept
    {
        for (std::size_t b = 0; b < buckets; ++b)
            if (const auto n = counts_[b].get(); n != 0) out.record(middle_of(b), n);
    }
    [[nodiscard]] std::uint64_t highest() const noexcept { return highest_.get(); }

  private:
    static constexpr std::uint64_t subs = 1ULL << sub_bits;
    static constexpr std::size_t bucket_of(std::uint64_t value) noexcept
    {
        const auto shift = 63U - static_cast<unsigned>(std::countl_zero(value | subs)) - sub_bits;
        return (std::size_t{shift} << sub_bits) + static_cast<std::size_t>(value >> shift);
    }
    static constexpr std::uint64_t middle_of(std::size_t bucket) noexcept
    {
        if (bucket < 2 * subs) return bucket;
        const auto shift = (bucket >> sub_bits) - 1;
        return ((bucket - (shift << sub_bits)) << shift) + ((1ULL << shift) - 1) / 2;
    }

    std::array<LiveCount, buckets> counts_{};
    LiveCount highest_;
};

} // namespace qaic::stats
