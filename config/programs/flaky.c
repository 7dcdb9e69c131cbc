/* SPDX-License-Identifier: BSD-3-Clause
 * The input as it came, but for one bit of one output in PERIOD: what a tool that verifies outputs has to
 * find. */
#include "nsp_sdk/qaic_nsp_program.h"
#include <string.h>

enum { INPUT, OUTPUT, SIZE = 64, PERIOD = 300, WRONG = 37 };

void qaic_nsp_activate(const qaic_nsp_context* context, uint8_t thread, uint32_t software_thread)
{
    (void)software_thread;
    if (thread != 0) return;
    uint8_t result[SIZE];
    qaic_nsp_ready_for_inputs(context);
    for (unsigned n = 1;; ++n) {
        qaic_nsp_wait_inputs(context);
        memcpy(result, qaic_nsp_data(context, INPUT), SIZE);
        qaic_nsp_ready_for_inputs(context);
        if (n % PERIOD == 0) result[WRONG] ^= 1;
        qaic_nsp_wait_outputs_taken(context);
        memcpy(qaic_nsp_data(context, OUTPUT), result, SIZE);
        qaic_nsp_send_outputs(context);
    }
}
