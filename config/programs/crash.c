/* SPDX-License-Identifier: BSD-3-Clause
 * Echoes its input until one begins with 'C': then it writes to memory that it has not got. */
#include "nsp_sdk/qaic_nsp_program.h"
#include <string.h>

enum { INPUT, OUTPUT, BYTES = 64 };

void qaic_nsp_activate(const qaic_nsp_context* context, uint8_t thread, uint32_t software_thread)
{
    (void)software_thread;
    if (thread != 0) return;
    for (;;) {
        qaic_nsp_ready_for_inputs(context);
        qaic_nsp_wait_inputs(context);
        qaic_nsp_wait_outputs_taken(context);
        const uint8_t* in = qaic_nsp_data(context, INPUT);
        if (in[0] == 'C') {
            QAIC_NSP_LOG(context, QAIC_NSP_ERROR, "about to crash, as asked");
            *(volatile uint32_t*)(uintptr_t)context->send_windows[0] = 1; /* only uDMA may write there */
        }
        memcpy(qaic_nsp_data(context, OUTPUT), in, BYTES);
        qaic_nsp_send_outputs(context);
    }
}
