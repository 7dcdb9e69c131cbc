/* SPDX-License-Identifier: BSD-3-Clause
 * Needs a symbol that nobody has: the card finds out when it loads it. */
#include "nsp_sdk/qaic_nsp_program.h"

void qaic_nsp_nobody_has_this(void);

void qaic_nsp_activate(const qaic_nsp_context* context, uint8_t thread, uint32_t software_thread)
{
    (void)context, (void)thread, (void)software_thread;
    qaic_nsp_nobody_has_this();
}
