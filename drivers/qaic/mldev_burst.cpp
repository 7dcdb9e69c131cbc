// SPDX-License-Identifier: BSD-3-Clause
// The burst entry points that rte_ml_dev points to. Alone in their file: benchmarks link them without a card.
#include "qaic/mldev_burst.hpp"
#include "qaic/mldev_fast.hpp"
#include "qaic/seen/trace_points.h"

namespace qaic {
namespace {
/// The queue pair if it is set up and not taken by the native API, else nullptr.
QueuePair* pair_of(const rte_ml_dev* dev, std::uint16_t qp_id) noexcept
{
    auto* const qp = static_cast<QueuePair*>(dev->data->queue_pairs[qp_id]);
    return likely(qp != nullptr) && !qp->raw.load(std::memory_order_relaxed) ? qp : nullptr;
}
} // namespace

std::uint16_t ml_enqueue_burst(rte_ml_dev* dev, std::uint16_t qp_id, rte_ml_op** ops,
                               std::uint16_t nb_ops) noexcept
{
    auto* const qp = pair_of(dev, qp_id);
    if (unlikely(qp == nullptr)) return 0;
    const auto n = fast::enqueue_burst(*qp, ops, nb_ops);
    qaic_trace_enqueue(dev->data->dev_id, qp_id, ops, nb_ops, n);
    return n;
}

std::uint16_t ml_dequeue_burst(rte_ml_dev* dev, std::uint16_t qp_id, rte_ml_op** ops,
                               std::uint16_t nb_ops) noexcept
{
    auto* const qp = pair_of(dev, qp_id);
    if (unlikely(qp == nullptr)) return 0;
    const auto n = fast::dequeue_burst(*qp, ops, nb_ops);
    qaic_trace_dequeue(dev->data->dev_id, qp_id, ops, nb_ops, n);
    return n;
}

std::uint16_t ml_no_burst(rte_ml_dev*, std::uint16_t, rte_ml_op**, std::uint16_t) noexcept { return 0; }

} // namespace qaic
