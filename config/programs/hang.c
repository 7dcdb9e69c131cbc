/* SPDX-License-Identifier: BSD-3-Clause
 * Echoes its input until one begins with 'H': then it computes for ever, and does not look at its exit
 * doorbell either. */
#include "nsp_sdk/qaic_nsp_program.h"
#include <string.h>

enum { INPUT, OUTPUT, BYTES = 64 };

static void compute_for_ever(void)
{
    for (volatile uint64_t n = 0;; n = n + 1) {
    }
}

void qaic_nsp_activate(const qaic_nsp_context* context, uint8_t thread, uint32_t software_thread)
{
    (void)software_thread;
    if (thread != 0) return;
    for (;;) {
        qaic_nsp_ready_for_inputs(context);
        qaic_nsp_wait_inputs(context);
        qaic_nsp_wait_outputs_taken(context);
        const uint8_t* in = qaic_nsp_data(context, INPUT);
        if (in[0] == 'H') compute_for_ever();
        memcpy(qaic_nsp_data(context, OUTPUT), in, BYTES);
        qaic_nsp_send_outputs(context);
    }
}
