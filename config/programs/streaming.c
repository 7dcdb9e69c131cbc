/* SPDX-License-Identifier: BSD-3-Clause
 * What simple_io does, for ever. Inputs are copied away before the next ones are let in, so that their
 * transfer goes on beside the rest. */
#include "nsp_sdk/qaic_nsp_program.h"
#include <string.h>

enum { INPUT_0, INPUT_1, OUTPUT, HALF = 32 };

void qaic_nsp_activate(const qaic_nsp_context* context, uint8_t thread, uint32_t software_thread)
{
    (void)software_thread;
    if (thread != 0) return;
    uint8_t result[2 * HALF];
    for (qaic_nsp_ready_for_inputs(context);;) {
        qaic_nsp_wait_inputs(context);
        memcpy(result, qaic_nsp_data(context, INPUT_0), HALF);
        memcpy(result + HALF, (const uint8_t*)qaic_nsp_data(context, INPUT_1) + HALF, HALF);
        qaic_nsp_ready_for_inputs(context);
        qaic_nsp_wait_outputs_taken(context);
        memcpy(qaic_nsp_data(context, OUTPUT), result, sizeof result);
        qaic_nsp_send_outputs(context);
    }
}
