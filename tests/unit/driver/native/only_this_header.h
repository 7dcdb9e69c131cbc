/* SPDX-License-Identifier: BSD-3-Clause
 * The C side of the test: see only_this_header.c. */
#pragma once
#ifdef __cplusplus
extern "C" {
#endif
/** Everything that can be read, by a C program; -errno of the first that fails. */
int qaic_c_reads_everything(short dev_id, unsigned short model_id);
/** Registers a callback that counts RECOVERED events in *count. */
int qaic_c_counts_recoveries(short dev_id, unsigned* count);
#ifdef __cplusplus
}
#endif
