// SPDX-License-Identifier: BSD-3-Clause
// Latency histogram: log-linear, fixed size, mergeable. Every power of two is cut into 128 equal buckets, so
// any value a query returns lies within 1/256 (0.39 %) of a recorded one, over the whole range of 64 bits.
#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace qaic::stats {

/// Values are plain 64-bit counts in any unit the caller likes (TSC ticks, ns); convert when printing.
/// One writer thread; queries and merge() only when that writer rests. About 58 KiB: keep it off small
/// stacks.
class Histogram {
  public:
    static constexpr unsigned sub_bits = 7; ///< 128 buckets to a power of two
    static constexpr std::uint64_t subs = 1ULL << sub_bits;
    static constexpr std::size_t buckets = (65 - sub_bits) * subs;
    static constexpr double max_relative_error = 1.0 / (2.0 * subs); ///< of quantile(): 0.39 %

    /// Where a value is counted. Below 256 every value has a bucket of its own.
    [[nodiscard]] static constexpr std::size_t bucket_of(std::uint64_t value) noexcept
    {
        const auto top = 63U - static_cast<unsigned>(std::countl_zero(value | subs));
        const unsigned shift = top - sub_bits;
        return (std::size_t{shift} << sub_bits) + static_cast<std::size_t>(value >> shift);
    }
    /// Smallest value counted in a bucket.
    [[nodiscard]] static constexpr std::uint64_t bucket_low(std::size_t bucket) noexcept
    {
        if (bucket < 2 * subs) return bucket;
        const auto shift = (bucket >> sub_bits) - 1;
        return (bucket - (shift << sub_bits)) << shift;
    }
    /// Largest value counted in a bucket.
    [[nodiscard]] static constexpr std::uint64_t bucket_high(std::size_t bucket) noexcept
    {
        return bucket + 1 < buckets ? bucket_low(bucket + 1) - 1 : ~std::uint64_t{0};
    }

    /// Counts one value. No branch, no allocation.
    void record(std::uint64_t value) noexcept { record(value, 1); }
    /// Counts it `times` times; together the values stay below 2^64.
    void record(std::uint64_t value, std::uint64_t times) noexcept
    {
        const auto sum = value * times;
        counts_[bucket_of(value)] += times;
        count_ += times;
        sum_low_ += sum;
        sum_high_ += sum_low_ < sum ? 1 : 0;
        min_ = value < min_ ? value : min_;
        max_ = value > max_ ? value : max_;
    }
    /// Counts many values, one after the other: sums and extremes stay in registers until it goes out of
    /// scope, which halves the price of each. Nothing else may touch the histogram meanwhile.
    class Batch {
      public:
        explicit Batch(Histogram& to) noexcept : to_(to), min_(to.min_), max_(to.max_) {}
        Batch(const Batch&) = delete;
        Batch& operator=(const Batch&) = delete;
        ~Batch()
        {
            to_.count_ += count_;
            to_.sum_low_ += sum_low_;
            to_.sum_high_ += sum_high_ + (to_.sum_low_ < sum_low_ ? 1 : 0);
            to_.min_ = min_;
            to_.max_ = max_;
        }
        void record(std::uint64_t value) noexcept
        {
            ++to_.counts_[bucket_of(value)];
            ++count_;
            sum_low_ += value;
            sum_high_ += sum_low_ < value ? 1 : 0;
            min_ = value < min_ ? value : min_;
            max_ = value > max_ ? value : max_;
        }

      private:
        Histogram& to_;
        std::uint64_t count_ = 0, sum_low_ = 0, sum_high_ = 0, min_, max_;
    };
    /// Adds everything another histogram counted.
    void merge(const Histogram& other) noexcept;
    void reset() noexcept { *this = Histogram{}; }
    /// The same values in another unit, times `factor`, rounded down: once more up to max_relative_error off,
    /// so below 1 % together. Count stays; sum, least and largest are scaled themselves.
    [[nodiscard]] Histogram scaled(double factor) const noexcept;

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] std::uint64_t count_in(std::size_t bucket) const noexcept { return counts_[bucket]; }
    /// Exact; 0 when nothing was recorded.
    [[nodiscard]] std::uint64_t min() const noexcept { return count_ == 0 ? 0 : min_; }
    [[nodiscard]] std::uint64_t max() const noexcept { return max_; }
    /// Exact but for the final rounding to double (the sum is kept in 128 bits); 0 when nothing was recorded.
    [[nodiscard]] double mean() const noexcept;
    /// Nearest-rank quantile: the smallest recorded value with at least `fraction` of all values at or below
    /// it, within max_relative_error. Fractions outside 0..1 (and NaN) are clamped; 0 gives min(), 1 gives
    /// max(), an empty histogram 0.
    [[nodiscard]] std::uint64_t quantile(double fraction) const noexcept;

  private:
    std::array<std::uint64_t, buckets> counts_{};
    std::uint64_t count_ = 0;
    std::uint64_t sum_low_ = 0, sum_high_ = 0;
    std::uint64_t min_ = ~std::uint64_t{0};
    std::uint64_t max_ = 0;
};

} // namespace qaic::stats
