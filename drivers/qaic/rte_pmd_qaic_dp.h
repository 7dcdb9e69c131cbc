/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Native API of librte_ml_qaic.so, data path: a queue pair taken raw. An operation is a token and two bus
 * addresses; no rte_ml_op, no buffer checks, no call through rte_mldev. Everything else is the same: depth,
 * guards, deadlines, fences, statistics, and that every accepted operation comes back exactly once. Plain
 * C11; see rte_pmd_qaic.h for errors.
 *
 *     rte_pmd_qaic_queue_get(dev, 0, &q);                 // after rte_ml_dev_queue_pair_setup()
 *     n = rte_pmd_qaic_submit(q, model, work, 32);        // one doorbell
 *     n = rte_pmd_qaic_poll(q, done, 32);
 *
 * Threads: one submits, one polls, as with a queue pair of rte_mldev. Neither call waits, locks or allocates.
 */
#ifndef RTE_PMD_QAIC_DP_H
#define RTE_PMD_QAIC_DP_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rte_pmd_qaic_queue; /**< opaque */

/**
 * Takes queue pair `qp_id` raw: rte_ml_enqueue_burst() and rte_ml_dequeue_burst() on it take and give nothing
 * from now on. The handle is good until the queue pair is set up again, or the device configured, closed or
 * removed. -EINVAL: no such device, or the queue pair is not set up. -EBUSY: operations of rte_mldev are in
 * flight on it, or it has a flush callback, whose operations would be none.
 */
int rte_pmd_qaic_queue_get(int16_t dev_id, uint16_t qp_id, struct rte_pmd_qaic_queue** queue);

/** An operation: 24 bytes, read during the call only. */
struct rte_pmd_qaic_work {
    void* token;     /**< comes back with it */
    uint64_t input;  /**< IOVA of the model's packed input: rte_pmd_qaic_model_info.input_bytes, readable by
                        the card */
    uint64_t output; /**< IOVA of the packed output: output_bytes, writable by the card until the operation is
                        back */
};

/**
 * Submits work[0..n) to a started model; returns how many were taken, from the front. Fewer than n: the queue
 * is full. 0 also while the model is not started or its DBC is out of use: go on polling. Addresses are the
 * caller's word: one that is not mapped for the card costs the whole DBC a fault.
 */
uint16_t rte_pmd_qaic_submit(struct rte_pmd_qaic_queue* queue, uint16_t model_id,
                             const struct rte_pmd_qaic_work* work, uint16_t n);

/**
 * The same for operations with a deadline of their own, `cycles` of rte_rdtsc() from now (rte_get_tsc_hz()
 * make a second); 0 = the device's, devarg op_timeout_ms, which may be the shorter or the longer one.
 * Operations whose deadlines lie within a 16th of `cycles` are watched as one: an operation is never called
 * late before its deadline, and found late at most `cycles` / 16 after it by the second of two polls that
 * find nothing, or within 512 polls that find something. Then the DBC is taken out of use as by any other
 * guard: those past their deadline come back with E_TIMEOUT, the others out on it with E_RESET, and the
 * started model is activated again. Who never polls learns of nothing. 0 too while 128 groups of different
 * deadlines are out: poll. Costs one reading of the clock more than rte_pmd_qaic_submit().
 */
uint16_t rte_pmd_qaic_submit_deadline(struct rte_pmd_qaic_queue* queue, uint16_t model_id,
                                      const struct rte_pmd_qaic_work* work, uint16_t n, uint64_t cycles);

/** An operation that is back: 16 bytes. */
struct rte_pmd_qaic_done {
    void* token;
    uint32_t error;     /**< 0: the output is valid. Else the code rte_ml_op_error_get() would give */
    uint32_t card_code; /**< completion code of the DMA Bridge, verbatim, when that is the error */
};

/** Takes up to n finished operations; returns how many. */
uint16_t rte_pmd_qaic_poll(struct rte_pmd_qaic_queue* queue, struct rte_pmd_qaic_done* done, uint16_t n);

#ifdef __cplusplus
}
#endif

#endif /* RTE_PMD_QAIC_DP_H */
