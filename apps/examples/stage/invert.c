/* SPDX-License-Identifier: BSD-3-Clause */
/* A stage of one's own: each float x of an item's tensor becomes `from` - x, in place. Built as a shared
 * object and loaded by `qaic-pipe --plugin`; in a pipeline file it is
 *
 *   [[stage]]
 *   name = "negative"
 *   kind = "invert"
 *   options = { from = 1.0 }
 */
#include "pipeline/stage.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct invert {
    float from;
};

static const char* const options[] = {"from", NULL};

/* Drop verdicts count from QAIC_PIPE_DROP, in this order. */
static const char* const reasons[] = {"not_floats", NULL};
enum { NOT_FLOATS = QAIC_PIPE_DROP };

/* By a control thread: here one may allocate, read files, and refuse. */
static void* create(const struct qaic_pipe_setup* setup, char* error, size_t error_bytes)
{
    double from = 1;
    struct invert* self;

    for (unsigned i = 0; i < setup->n_options; i++) {
        const struct qaic_pipe_option* option = &setup->options[i];
        if (strcmp(option->name, "from") != 0) continue;
        if (option->type != QAIC_PIPE_REAL && option->type != QAIC_PIPE_INTEGER) {
            snprintf(error, error_bytes, "%s: stage %s: from takes a number", option->place, setup->stage);
            return NULL;
        }
        from = option->real;
    }
    self = malloc(sizeof(*self));
    if (self == NULL) {
        snprintf(error, error_bytes, "%s: stage %s: out of memory", setup->place, setup->stage);
        return NULL;
    }
    self->from = (float)from;
    return self;
}

/* By the stage's lcore, again and again: nothing here may wait, allocate or call the system. */
static uint16_t run(void* self, struct rte_mbuf** items, uint16_t n, uint8_t* verdict)
{
    const float from = ((const struct invert*)self)->from;

    for (uint16_t i = 0; i < n; i++) {
        const uint32_t bytes = qaic_pipe_item_of(items[i])->tensor_bytes;
        char* tensor = qaic_pipe_tensor(items[i]);

        if (bytes == 0 || bytes % sizeof(float) != 0) {
            verdict[i] = NOT_FLOATS;
            continue;
        }
        for (uint32_t at = 0; at < bytes; at += sizeof(float)) {
            float x; /* a tensor that is part of a packet need not be aligned */
            memcpy(&x, tensor + at, sizeof(x));
            x = from - x;
            memcpy(tensor + at, &x, sizeof(x));
        }
    }
    return n;
}

static const struct qaic_pipe_stage invert = {
    .abi = QAIC_PIPE_ABI,
    .kind = "invert",
    .role = QAIC_PIPE_SHAPE,
    .options = options,
    .drop_reasons = reasons,
    .create = create,
    .run = run,
    .destroy = free,
};

QAIC_PIPE_REGISTER(invert)
