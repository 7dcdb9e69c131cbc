/* SPDX-License-Identifier: BSD-3-Clause */
#include "nsp_sdk/qaic_nsp_program.h"

/* Semaphore commands without their number (aic100-workload.md 7.5). */
#define COMMAND_INC 0x02000000u
#define COMMAND_DEC 0x03000000u

enum { DESCRIPTORS_PER_THREAD = 256, TICKS_PER_SECOND = 19200000 };

_Static_assert(sizeof(qaic_nsp_description) == 40 && sizeof(qaic_nsp_buffer) == 40, "constants.bin");
_Static_assert(sizeof(qaic_nsp_udma) == 24, "descriptor");

const qaic_nsp_description* qaic_nsp_describe(const qaic_nsp_context* context)
{
    return (const qaic_nsp_description*)(const void*)context->constants;
}

const qaic_nsp_buffer* qaic_nsp_buffer_at(const qaic_nsp_context* context, unsigned k)
{
    const qaic_nsp_description* d = qaic_nsp_describe(context);
    const qaic_nsp_buffer* all =
        (const qaic_nsp_buffer*)(const void*)(context->constants + d->buffers_offset);
    return k < d->buffers ? &all[k] : NULL;
}

void* qaic_nsp_data(const qaic_nsp_context* context, unsigned k)
{
    const qaic_nsp_buffer* b = qaic_nsp_buffer_at(context, k);
    if (b == NULL) return NULL;
    switch (b->location) {
    case 0: return context->l2tcm + b->offset;
    case 1: return context->vtcm + b->offset;
    default: return context->ddr + b->offset;
    }
}

static uint32_t* doorbell(const qaic_nsp_context* context, unsigned k)
{
    return (uint32_t*)(void*)context->l2tcm + qaic_nsp_buffer_at(context, k)->wait_doorbell;
}

static void leave_when_asked(const qaic_nsp_context* context)
{
    if (__atomic_load_n(context->l2tcm + QAIC_NSP_EXIT_OFFSET, __ATOMIC_ACQUIRE) == 1) context->exit();
}

/* For the host without limit; for another NSP it complains after 1 s and gives up after 10 s. */
static void wait_rung(const qaic_nsp_context* context, unsigned k, int for_host)
{
    static const qaic_nsp_fatal_site site = {"runtime.c", __LINE__, "no NSP fills buffer %u"};
    const uint32_t* word = doorbell(context, k);
    const uint64_t since = context->utimer();
    int complained = 0;
    while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != 1) {
        leave_when_asked(context);
        context->pause();
        if (for_host) continue;
        const uint64_t waited = context->utimer() - since;
        if (waited > TICKS_PER_SECOND && !complained) {
            QAIC_NSP_LOG(context, QAIC_NSP_WARN, "waits for buffer %u for more than 1 s", k);
            complained = 1;
        }
        if (waited <= 10ull * TICKS_PER_SECOND) continue;
        context->notify_hang();
        context->fatal(&site, k, 0, 0);
    }
}

static void clear(const qaic_nsp_context* context, unsigned first, unsigned count)
{
    for (unsigned k = first; k < first + count; ++k)
        __atomic_store_n(doorbell(context, k), 0, __ATOMIC_RELEASE);
}

/* One store is one command; the one before it on this word has to be taken first. */
static void command(const qaic_nsp_context* context, unsigned semaphore, uint32_t operation)
{
    const qaic_nsp_semaphore* s = &context->semaphores[semaphore];
    while (__atomic_load_n(s->address, __ATOMIC_ACQUIRE) != 0) {
        leave_when_asked(context);
        context->pause();
    }
    __atomic_store_n(s->address, operation | (uint32_t)s->number << 16, __ATOMIC_RELEASE);
}

void qaic_nsp_ready_for_inputs(const qaic_nsp_context* context)
{
    const qaic_nsp_description* d = qaic_nsp_describe(context);
    if ((d->input_nsps >> context->nsp & 1) == 0) return;
    clear(context, 0, d->inputs);
    command(context, d->input_semaphore, COMMAND_INC);
}

void qaic_nsp_wait(const qaic_nsp_context* context, unsigned k)
{
    const qaic_nsp_buffer* b = qaic_nsp_buffer_at(context, k);
    if (b == NULL) return;
    wait_rung(context, k, b->usage != 2);
    clear(context, k, 1);
}

void qaic_nsp_wait_inputs(const qaic_nsp_context* context)
{
    const qaic_nsp_description* d = qaic_nsp_describe(context);
    for (unsigned k = 0; k < d->inputs; ++k)
        if ((qaic_nsp_buffer_at(context, k)->nsps >> context->nsp & 1) != 0) qaic_nsp_wait(context, k);
}

void qaic_nsp_wait_outputs_taken(const qaic_nsp_context* context)
{
    const qaic_nsp_description* d = qaic_nsp_describe(context);
    for (unsigned k = d->inputs; k < (unsigned)d->inputs + d->outputs; ++k) wait_rung(context, k, 1);
}

void qaic_nsp_send_outputs(const qaic_nsp_context* context)
{
    const qaic_nsp_description* d = qaic_nsp_describe(context);
    if ((d->output_nsps >> context->nsp & 1) == 0) return;
    clear(context, d->inputs, d->outputs);
    command(context, d->output_semaphore, COMMAND_DEC);
}

/* Descriptor i of a thread's part of the uDMA area. */
static qaic_nsp_udma* descriptor(const qaic_nsp_context* context, uint8_t thread, unsigned i)
{
    const qaic_nsp_buffer* area = qaic_nsp_buffer_at(context, qaic_nsp_describe(context)->udma_buffer);
    return (qaic_nsp_udma*)(void*)(context->l2tcm + area->offset +
                                   (unsigned)thread * DESCRIPTORS_PER_THREAD) +
           i;
}

static void move(const qaic_nsp_context* context, uint8_t thread, const void* from, uint64_t to,
                 uint32_t bytes)
{
    qaic_nsp_udma* d = descriptor(context, thread, 0);
    while (bytes != 0) {
        const uint32_t part = bytes < QAIC_NSP_UDMA_LENGTH ? bytes : QAIC_NSP_UDMA_LENGTH;
        *d = (qaic_nsp_udma){.control = part, .source = (uint64_t)(uintptr_t)from, .destination = to};
        context->udma_link(d);
        from = (const uint8_t*)from + part;
        to += part;
        bytes -= part;
    }
}

void qaic_nsp_broadcast(const qaic_nsp_context* context, uint8_t thread, unsigned k, const void* from,
                        uint32_t bytes)
{
    static const uint32_t rung = 1;
    const qaic_nsp_buffer* b = qaic_nsp_buffer_at(context, k);
    if (b == NULL) return;
    if (bytes > b->bytes) bytes = b->bytes;
    if ((b->nsps >> context->nsp & 1) != 0 || b->location == 2)
        move(context, thread, from, (uint64_t)(uintptr_t)qaic_nsp_data(context, k), bytes);
    if ((b->nsps & ~(1u << context->nsp)) != 0) {
        if (b->location != 2) move(context, thread, from, context->send_windows[b->mcid] + b->offset, bytes);
        move(context, thread, &rung, context->send_windows[0] + 4ull * b->wait_doorbell, sizeof rung);
    }
    if ((b->nsps >> context->nsp & 1) != 0)
        move(context, thread, &rung, (uint64_t)(uintptr_t)doorbell(context, k), sizeof rung);
}

__attribute__((visibility("default"))) void _qaic_start(const qaic_nsp_context* context, uint8_t thread,
                                                        uint32_t software_thread)
{
    qaic_nsp_activate(context, thread, software_thread);
    context->wait_exit();
    context->exit();
}
