// SPDX-License-Identifier: BSD-3-Clause
// rte_pmd_qaic_dp.h: queue pairs taken raw.
#include "qaic/native/native.hpp"
#include "qaic/native_fast.hpp"
#include "qaic/rte_pmd_qaic_dp.h"

namespace qaic::native {
namespace {

static_assert(sizeof(rte_pmd_qaic_work) == sizeof(dbc::Work) &&
              offsetof(rte_pmd_qaic_work, token) == offsetof(dbc::Work, token) &&
              offsetof(rte_pmd_qaic_work, input) == offsetof(dbc::Work, in) &&
              offsetof(rte_pmd_qaic_work, output) == offsetof(dbc::Work, out));
static_assert(sizeof(rte_pmd_qaic_done) == sizeof(fast::Finished) &&
              offsetof(rte_pmd_qaic_done, token) == offsetof(fast::Finished, token) &&
              offsetof(rte_pmd_qaic_done, error) == offsetof(fast::Finished, code) &&
              offsetof(rte_pmd_qaic_done, card_code) == offsetof(fast::Finished, card_code));

QueuePair& pair_of(rte_pmd_qaic_queue* queue) noexcept { return *reinterpret_cast<QueuePair*>(queue); }

} // namespace

QAIC_PUBLIC int rte_pmd_qaic_queue_get(std::int16_t dev_id, std::uint16_t qp_id, rte_pmd_qaic_queue** queue)
{
    return guarded([&]() -> Result<void> {
        if (secondary::is_secondary() && queue != nullptr) {
            QAIC_TRY(auto* const claimed, secondary::claimed(dev_id, qp_id));
            claimed->raw.store(true, std::memory_order_release);
            *queue = reinterpret_cast<rte_pmd_qaic_queue*>(claimed);
            return {};
        }
        QAIC_TRY(const auto v, visit(dev_id));
        const auto& name = v.device().name();
        if (queue == nullptr) return fail(Code::E_INVAL, "{}: queue: NULL pointer", name);
        const auto* const data = rte_ml_dev_pmd_get_dev(dev_id)->data;
        auto* const pair = data->queue_pairs != nullptr && qp_id < data->nb_queue_pairs
                               ? static_cast<QueuePair*>(data->queue_pairs[qp_id])
                               : nullptr;
        if (pair == nullptr) return fail(Code::E_INVAL, "{}: queue pair {} is not set up", name, qp_id);
        if (pair->flush_cb != nullptr)
            return fail(Code::E_BUSY, "{}: queue pair {} has a flush callback: set it up without", name,
                        qp_id);
        if (!pair->raw.load() && pair->in_flight() != 0)
            return fail(Code::E_BUSY, "{}: queue pair {}: {} operations are in flight: dequeue them", name,
                        qp_id, pair->in_flight());
        pair->raw.store(true, std::memory_order_release);
        *queue = reinterpret_cast<rte_pmd_qaic_queue*>(pair);
        return {};
    });
}

QAIC_PUBLIC std::uint16_t rte_pmd_qaic_submit(rte_pmd_qaic_queue* queue, std::uint16_t model_id,
                                              const rte_pmd_qaic_work* work, std::uint16_t n)
{
    return fast::submit_burst(pair_of(queue), model_id, reinterpret_cast<const dbc::Work*>(work), n);
}

QAIC_PUBLIC std::uint16_t rte_pmd_qaic_submit_deadline(rte_pmd_qaic_queue* queue, std::uint16_t model_id,
                                                       const rte_pmd_qaic_work* work, std::uint16_t n,
                                                       std::uint64_t cycles)
{
    const auto* const w = reinterpret_cast<const dbc::Work*>(work);
    return cycles != 0 ? fast::submit_burst_by(pair_of(queue), model_id, w, n, cycles)
                       : fast::submit_burst(pair_of(queue), model_id, w, n);
}

QAIC_PUBLIC std::uint16_t rte_pmd_qaic_poll(rte_pmd_qaic_queue* queue, rte_pmd_qaic_done* done,
                                            std::uint16_t n)
{
    return fast::poll_burst(pair_of(queue), reinterpret_cast<fast::Finished*>(done), n);
}

} // namespace qaic::native
