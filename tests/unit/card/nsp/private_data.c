/* SPDX-License-Identifier: BSD-3-Clause
 * Counts its threads in a variable that each NSP has for itself, and says so. */
#include "nsp_sdk/qaic_nsp_program.h"

void qaic_nsp_activate(const qaic_nsp_context* context, uint8_t thread, uint32_t software_thread)
{
    static unsigned threads;
    const unsigned n = __atomic_add_fetch(&threads, 1, __ATOMIC_RELAXED);
    QAIC_NSP_LOG(context, QAIC_NSP_INFO, "count %u heap %u id %u/%u", n, (unsigned)context->heap_bytes,
                 software_thread, context->nsp * 6u + thread);
    if (context->heap != NULL) ((uint8_t*)context->heap)[context->heap_bytes - 1] = 1;
}
