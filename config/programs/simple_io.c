/* SPDX-License-Identifier: BSD-3-Clause
 * One inference: the first half of input 0, then the second half of input 1. Then it waits for its end, so
 * that a second inference finds nobody (aic100-workload.md 7.8). */
#include "nsp_sdk/qaic_nsp_program.h"
#include <string.h>

enum { INPUT_0, INPUT_1, OUTPUT, HALF = 32 };

void qaic_nsp_activate(const qaic_nsp_context* context, uint8_t thread, uint32_t software_thread)
{
    (void)software_thread;
    if (thread != 0) return;
    qaic_nsp_ready_for_inputs(context);
    qaic_nsp_wait_inputs(context);
    qaic_nsp_wait_outputs_taken(context);
    uint8_t* out = qaic_nsp_data(context, OUTPUT);
    memcpy(out, qaic_nsp_data(context, INPUT_0), HALF);
    memcpy(out + HALF, (const uint8_t*)qaic_nsp_data(context, INPUT_1) + HALF, HALF);
    qaic_nsp_send_outputs(context);
    qaic_nsp_wait_outputs_taken(context);
    QAIC_NSP_LOG(context, QAIC_NSP_INFO, "one inference done");
}
