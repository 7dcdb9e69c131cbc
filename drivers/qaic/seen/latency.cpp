// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/seen/latency.hpp"
#include "qaic/ml_device.hpp"
#include <algorithm>
#include <cmath>
#include <rte_cycles.h>

namespace qaic {
namespace {

// The highest byte tells a time from what else may stand in impl_opaque: OpFate uses 56 bits, and a TSC of
// more than those takes years of uptime.
constexpr std::uint64_t mark = std::uint64_t{0xa5} << 56, time_mask = (std::uint64_t{1} << 56) - 1;

struct Tally {
    std::vector<std::uint64_t> counts;
    std::uint64_t total = 0;

    /// Nearest rank; the middle of the bucket.
    [[nodiscard]] double at(double fraction) const
    {
        auto rank = static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(total)));
        rank = std::clamp<std::uint64_t>(rank, 1, total);
        std::size_t b = 0;
        for (std::uint64_t seen = counts[0]; seen < rank && b + 1 < counts.size();) seen += counts[++b];
        return middle(b);
    }
    static double middle(std::size_t bucket)
    {
        return (static_cast<double>(stats::Histogram::bucket_low(bucket)) +
                static_cast<double>(stats::Histogram::bucket_high(bucket))) /
               2;
    }
};

} // namespace

std::uint16_t Bursts::timed_enqueue(rte_ml_dev* dev, std::uint16_t qp, rte_ml_op** ops, std::uint16_t n)
{
    const auto stamp = mark | (rte_rdtsc() & time_mask);
    for (std::uint16_t i = 0; i < n; ++i) ops[i]->impl_opaque = stamp;
    return ml_of(dev).bursts.enqueue_.load(std::memory_order_relaxed)(dev, qp, ops, n);
}

std::uint16_t Bursts::timed_dequeue(rte_ml_dev* dev, std::uint16_t qp, rte_ml_op** ops, std::uint16_t n)
{
    auto& b = ml_of(dev).bursts;
    const auto got = b.dequeue_.load(std::memory_order_relaxed)(dev, qp, ops, n);
    if (got == 0 || qp >= queue_pairs) return got;
    const auto now = rte_rdtsc() & time_mask, since = b.since_.load(std::memory_order_relaxed);
    for (std::uint16_t i = 0; i < got; ++i) {
        const auto stamp = ops[i]->impl_opaque;
        const auto then = stamp & time_mask;
        const bool measured = ops[i]->status == RTE_ML_OP_STATUS_SUCCESS && (stamp & ~time_mask) == mark &&
                              then >= since && then <= now;
        if (measured) b.counts_[qp]->record(now - then);
    }
    return got;
}

void Bursts::publish(rte_ml_dev* dev) noexcept
{
    const bool wrapped = sampling_ && !idle_;
    std::atomic_ref(dev->enqueue_burst)
        .store(wrapped ? &timed_enqueue : enqueue_.load(), std::memory_order_release);
    std::atomic_ref(dev->dequeue_burst)
        .store(wrapped ? &timed_dequeue : dequeue_.load(), std::memory_order_release);
}

void Bursts::use(rte_ml_dev* dev, Enqueue enqueue, Dequeue dequeue, bool idle) noexcept
{
    const std::scoped_lock lock(lock_);
    enqueue_ = enqueue, dequeue_ = dequeue, idle_ = idle;
    publish(dev);
}

void Bursts::sample(rte_ml_dev* dev, bool on)
{
    const std::scoped_lock lock(lock_);
    if (on) {
        for (std::uint16_t q = 0; q < queue_pairs; ++q) {
            if (!counts_[q]) counts_[q] = std::make_unique<LatencyCounts>();
            base_[q].resize(LatencyCounts::buckets);
            for (std::size_t i = 0; i < LatencyCounts::buckets; ++i) base_[q][i] = counts_[q]->in(i);
        }
        since_ = rte_rdtsc() & time_mask;
    }
    sampling_ = on;
    if (enqueue_.load() != nullptr) publish(dev); // else there are no bursts yet
}

bool Bursts::sampling() const noexcept
{
    const std::scoped_lock lock(lock_);
    return sampling_;
}

LatencyReport Bursts::report(std::uint16_t q) const
{
    const std::scoped_lock lock(lock_);
    LatencyReport r;
    if (q >= queue_pairs || !counts_[q]) return r;
    Tally tally{std::vector<std::uint64_t>(LatencyCounts::buckets)};
    double sum = 0;
    std::size_t last = 0;
    for (std::size_t i = 0; i < tally.counts.size(); ++i) {
        const auto n = counts_[q]->in(i)-base_[q][i];
        tally.counts[i] = n, tally.total += n;
        if (n != 0) sum += static_cast<double>(n) * Tally::middle(i), last = i;
    }
    if (tally.total == 0) return r;
    const double ns = 1e9 / static_cast<double>(rte_get_tsc_hz());
    r.samples = tally.total;
    r.mean_ns = sum / static_cast<double>(tally.total) * ns;
    r.p50_ns = tally.at(0.5) * ns, r.p90_ns = tally.at(0.9) * ns;
    r.p99_ns = tally.at(0.99) * ns, r.p999_ns = tally.at(0.999) * ns;
    r.max_ns = Tally::middle(last) * ns;
    return r;
}

} // namespace qaic
