/* SPDX-License-Identifier: BSD-3-Clause
 * Run-time library of NSP programs: buffers by the index they have in the configuration (inputs, then
 * outputs, then internal buffers), and the hand-shakes with host and other NSPs. A program defines
 * qaic_nsp_activate() and is linked with nsp_sdk/runtime.c. aic100-workload.md 7.6, 7.7
 *
 * Buffers have one doorbell each: 1 = filled (inputs, internal buffers) or taken by the host (outputs). Waits
 * for the host have no limit; a wait for another NSP is fatal after 10 s. While waiting, the exit doorbell
 * ends the calling thread. Each function says which thread may call it; "one thread" is one per NSP. */
#ifndef QAIC_NSP_PROGRAM_H
#define QAIC_NSP_PROGRAM_H
#include "nsp_sdk/qaic_nsp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Program description at the start of the constants. */
typedef struct qaic_nsp_description {
    uint16_t version, exit_index;
    uint32_t bytes, threads;
    uint16_t buffers, inputs, outputs, internals; /* internals, and buffers, count the uDMA area */
    uint16_t input_semaphore, output_semaphore, input_nsps, output_nsps;
    uint32_t buffers_offset, udma_buffer, start_descriptor;
} qaic_nsp_description;

typedef struct qaic_nsp_buffer {
    uint32_t location; /* 0 L2TCM, 1 VTCM, 2 DDR */
    uint32_t offset, bytes;
    uint16_t wait_doorbell, io_doorbell;
    uint32_t wait_value, io_value;
    uint16_t io_mcid, io_doorbell_mcid, mcid, nsps;
    uint32_t usage, allow_partial;
} qaic_nsp_buffer;

/* The program. Called once on every thread of every NSP; when it returns the thread waits for the exit. */
void qaic_nsp_activate(const qaic_nsp_context* context, uint8_t thread, uint32_t software_thread);

const qaic_nsp_description* qaic_nsp_describe(const qaic_nsp_context* context);
/* Record and memory of buffer k; NULL for an index that does not exist. Any thread. */
const qaic_nsp_buffer* qaic_nsp_buffer_at(const qaic_nsp_context* context, unsigned k);
void* qaic_nsp_data(const qaic_nsp_context* context, unsigned k);

/* Clears the input doorbells and tells the host that this NSP takes inputs; nothing on an NSP without inputs.
 * One thread. */
void qaic_nsp_ready_for_inputs(const qaic_nsp_context* context);
/* Waits until buffer k is filled, then clears its doorbell. One thread per buffer. */
void qaic_nsp_wait(const qaic_nsp_context* context, unsigned k);
void qaic_nsp_wait_inputs(const qaic_nsp_context* context);
/* Waits until the host has taken every output of the inference before. One thread. */
void qaic_nsp_wait_outputs_taken(const qaic_nsp_context* context);
/* Hands all outputs to the host; nothing on an NSP without outputs. One thread. */
void qaic_nsp_send_outputs(const qaic_nsp_context* context);
/* Copies `bytes` bytes to buffer k of every NSP that has it, this one too, and rings its doorbell there. */
void qaic_nsp_broadcast(const qaic_nsp_context* context, uint8_t thread, unsigned k, const void* from,
                        uint32_t bytes);

#define QAIC_NSP_LOG(context, mask, ...) ((context)->log((mask), 0, __VA_ARGS__))

#ifdef __cplusplus
}
#endif
#endif
