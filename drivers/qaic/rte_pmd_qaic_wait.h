/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Native API of librte_ml_qaic.so: waiting for completions without burning a core. rte_mldev has no
 * interrupts. Plain C11; see rte_pmd_qaic.h for errors and linking.
 *
 *     int fd = rte_pmd_qaic_wait_fd_get(dev, qp);        // once, after queue pair setup
 *     ...
 *     while ((n = rte_ml_dequeue_burst(dev, qp, ops, burst)) == 0) {
 *         if (rte_pmd_qaic_wait_arm(dev, qp) != 1)
 *             continue;                                  // something is there already
 *         if ((n = rte_ml_dequeue_burst(dev, qp, ops, burst)) != 0)
 *             break;                                     // it came in the meantime
 *         rte_pmd_qaic_wait(dev, qp, 10000);             // or the application's own epoll_wait() on fd
 *     }
 *
 * Deadlines, faults of a channel and a lost interrupt wake nobody: choose a limit of about 10 ms, so that the
 * dequeue after it finds them. One thread for each queue pair, the one that dequeues.
 */
#ifndef RTE_PMD_QAIC_WAIT_H
#define RTE_PMD_QAIC_WAIT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * File descriptor that becomes readable when something came for the queue pair after it was armed.
 * Edge-triggered: put it into an epoll set with EPOLLIN | EPOLLET, never read from it, never close it. The
 * same one every time; it lives as long as the device. Switches the card's interrupts on. A control call.
 * -ENOTSUP where there are no interrupts: go on polling. -EINVAL: no such device, or the queue pair is not
 * set up.
 */
int rte_pmd_qaic_wait_fd_get(int16_t dev_id, uint16_t qp_id);

/**
 * 1: armed; dequeue once more, and if that gives nothing, sleep. 0: dequeue, there may be something (always,
 * when wait_fd_get was not called). Costs two register accesses for each model of the queue pair.
 */
int rte_pmd_qaic_wait_arm(int16_t dev_id, uint16_t qp_id);

/**
 * How long rte_pmd_qaic_wait() stays in a light sleep of the CPU (rte_power_monitor on the next response)
 * before it goes to sleep on the descriptor: 0 to 1000 microseconds. At first 50 where the CPU has such a
 * sleep, else 0. Returns what the CPU has: 2 a sleep that a response ends (one channel, or several with
 * rte_power_monitor_multi); 1 timed pauses between looks; 0 neither, so that the time is spent on rte_pause.
 * No effect while a channel is shared with another queue pair. -EINVAL: no wait_fd_get before, or a value out
 * of range. Dequeue thread.
 */
int rte_pmd_qaic_wait_light_set(int16_t dev_id, uint16_t qp_id, uint32_t light_us);

/** Sleeps until something came, or timeout_us passed. 1: something came. 0: the limit, or not armed. */
int rte_pmd_qaic_wait(int16_t dev_id, uint16_t qp_id, uint32_t timeout_us);

#ifdef __cplusplus
}
#endif
#endif
