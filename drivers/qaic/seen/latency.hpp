// SPDX-License-Identifier: BSD-3-Clause
// Time from enqueue call to dequeue return, measured only while somebody asked for it: the device's two burst
// pointers then lead through wrappers. While nobody does, the pointers are the plain ones and nothing is
// paid.
//
// The time of an enqueue travels in rte_ml_op::impl_opaque, which a good operation does not use; one that is
// refused at once has its reason there instead, and is not measured.
#pragma once
#include "qaic/dpdk_compat/dpdk.hpp"
#include "stats/histogram.hpp"
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace qaic {

/// Latencies of one queue pair in TSC ticks. One writer, its dequeue thread; readers any time.
class LatencyCounts {
  public:
    static constexpr std::size_t buckets = stats::Histogram::buckets;
    void record(std::uint64_t ticks) noexcept
    {
        auto& n = counts_[stats::Histogram::bucket_of(ticks)];
        n.store(n.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t in(std::size_t bucket) const noexcept
    {
        return counts_[bucket].load(std::memory_order_relaxed);
    }

  private:
    std::array<std::atomic<std::uint64_t>, buckets> counts_{};
};

struct LatencyReport {
    std::uint64_t samples = 0;
    double mean_ns = 0;
    /// Nearest rank, within 0.8 %.
    double p50_ns = 0, p90_ns = 0, p99_ns = 0, p999_ns = 0, max_ns = 0;
};

/// The burst functions of one device, plain or wrapped. Control and telemetry threads; own lock.
class Bursts {
  public:
    using Enqueue = decltype(rte_ml_dev::enqueue_burst);
    using Dequeue = decltype(rte_ml_dev::dequeue_burst);
    static constexpr std::uint16_t queue_pairs = 16;

    /// What the device's bursts are from now on. `idle`: functions that take and give nothing, not worth
    /// measuring.
    void use(rte_ml_dev* dev, Enqueue enqueue, Dequeue dequeue, bool idle) noexcept;
    /// Starts afresh, or ends. The memory of the counts (30 KiB a queue pair that is used) stays until the
    /// device is removed: a burst call may still be on its way into a wrapper.
    void sample(rte_ml_dev* dev, bool on);
    [[nodiscard]] bool sampling() const noexcept;
    /// Since sampling was switched on last; nothing recorded = all 0.
    [[nodiscard]] LatencyReport report(std::uint16_t queue_pair) const;

  private:
    static std::uint16_t timed_enqueue(rte_ml_dev* dev, std::uint16_t qp, rte_ml_op** ops, std::uint16_t n);
    static std::uint16_t timed_dequeue(rte_ml_dev* dev, std::uint16_t qp, rte_ml_op** ops, std::uint16_t n);
    void publish(rte_ml_dev* dev) noexcept;

    mutable std::mutex lock_;
    std::atomic<Enqueue> enqueue_{nullptr};
    std::atomic<Dequeue> dequeue_{nullptr};
    bool idle_ = true, sampling_ = false;
    std::atomic<std::uint64_t> since_{0};                            ///< TSC
    std::array<std::unique_ptr<LatencyCounts>, queue_pairs> counts_; ///< made before the wrappers are seen
    std::array<std::vector<std::uint64_t>, queue_pairs> base_;       ///< of the last switching on
};

} // namespace qaic
