/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Queue pairs in secondary processes.
 *
 * The primary process configures and starts the device and its models. A secondary process then claims a
 * queue pair of it and uses it as any other: rte_ml_enqueue_burst(), rte_ml_dequeue_burst(), or
 * rte_pmd_qaic_dp.h. From then on the primary's bursts on this queue pair return 0. All control calls are the
 * primary's; in a secondary they return -ENOTSUP.
 *
 * When the secondary dies, operations in flight on its queue pair are ended and counted (xstat
 * qp<n>_canceled, also in qp<n>_failed), and the queue pair is the primary's again. When the primary dies,
 * operations of the secondary come back with ENODEV (E_REMOVED).
 */
#ifndef RTE_PMD_QAIC_MP_H
#define RTE_PMD_QAIC_MP_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Assign a queue pair to this secondary process. Control thread; waits at most 2 s. Harmless when it is
 * assigned to this process already.
 *
 * The queue pair must be set up without flush callback, on a started device, with nothing in flight and no
 * other owner.
 *
 * @param dev_id
 *   Number of the device in this process.
 * @param qp_id
 *   Queue pair.
 * @return
 *   0, or -EINVAL, -EBUSY: in use, -ENODEV: the primary is dead, -ENOTSUP: this is the primary process.
 */
int rte_pmd_qaic_queue_pair_claim(int16_t dev_id, uint16_t qp_id);

/**
 * Give it back to the primary. No thread of this process may use it any more.
 *
 * @return
 *   0, or -EINVAL: not assigned to this process, -EBUSY: operations are in flight.
 */
int rte_pmd_qaic_queue_pair_release(int16_t dev_id, uint16_t qp_id);

#ifdef __cplusplus
}
#endif

#endif /* RTE_PMD_QAIC_MP_H */
