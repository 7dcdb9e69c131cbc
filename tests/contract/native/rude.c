/* SPDX-License-Identifier: BSD-3-Clause
 * What a program should not do, by the first byte of its input; anything else is echoed. */
#define _GNU_SOURCE
#include "nsp_sdk/qaic_nsp_program.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INPUT, OUTPUT, BYTES = 64 };

static int overflow(volatile int depth)
{
    volatile char room[4096];
    room[0] = (char)depth;
    if (depth < 0) return 0; /* never */
    return overflow(depth + 1) + room[0];
}

static void* foreign_thread(void* argument)
{
    const qaic_nsp_context* context = argument;
    context->pause();
    return NULL;
}

static void call_from_foreign_thread(const qaic_nsp_context* context)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, foreign_thread, (void*)(uintptr_t)context) == 0)
        pthread_join(thread, NULL);
}

/* All the words the card polls, as far as this NSP can reach them from its own mailboxes. */
static void scribble(const qaic_nsp_context* context)
{
    volatile uint32_t* word = context->semaphores[0].address;
    for (unsigned i = 0; i < 16 * 32; ++i) word[i] = 0xffffffffu - i;
    for (unsigned i = 1; i < 16384 / 4; ++i) word[-(int)i] = 0x41424344u;
}

static void bad_udma(const qaic_nsp_context* context, uint64_t destination, uint32_t next)
{
    static uint32_t word;
    uint32_t state = 0;
    qaic_nsp_udma* d = (qaic_nsp_udma*)(void*)(context->l2tcm + 1280);
    *d = (qaic_nsp_udma){next, 4, (uint64_t)(uintptr_t)&word, destination};
    context->udma_link(d);
    context->read_udma(0, &state);
    if ((state & 3) != 2) abort(); /* the engine has to be in error */
}

static void misbehave(const qaic_nsp_context* context, char how)
{
    static const qaic_nsp_fatal_site site = {"rude.c", 1, "fatal with %u %u %u"};
    switch (how) {
    case 'A': abort();
    case 'B': *(volatile uint8_t*)(uintptr_t)context->constants = 1; break; /* read-only */
    case 'D': __asm__ volatile("ud2"); break;
    case 'E': context->exit(); break;
    case 'F': context->fatal(&site, 1, 2, 3); break;
    case 'J': ((void (*)(void))(uintptr_t)context->vtcm)(); break;
    case 'K': kill(getpid(), SIGKILL); break;
    case 'L': *(volatile uint8_t*)(context->l2tcm - 1) = 1; break;
    case 'M': scribble(context); abort();
    case 'O': (void)overflow(0); break;
    case 'T': call_from_foreign_thread(context); break;
    case 'X': _exit(3);
    default: break;
    }
}

/* Wrong, but nothing to die of. */
static void slip(const qaic_nsp_context* context, char how)
{
    void* mapped = NULL;
    switch (how) {
    case 'w': /* no semaphore of ours, no operation an NSP may store */
        *context->semaphores[7].address = 0x02070000u;
        *context->semaphores[3].address = 0x06030001u;
        break;
    case 'u': /* over the end of a window; and a chain that leads nowhere */
        bad_udma(context, context->send_windows[0] + (8ull << 20) - 2, 0);
        bad_udma(context, (uint64_t)(uintptr_t)context->vtcm, 0x7ffffff0u);
        break;
    case 'g': /* a log line longer than any buffer, a thousand times */
        for (int i = 0; i < 1000; ++i) QAIC_NSP_LOG(context, QAIC_NSP_WARN, "%d %0900d \033[31m", i, 7);
        break;
    case 'm':
        if (context->map(&mapped, ~0ull, 16, QAIC_NSP_MAP_DDR, NULL) == 0) abort();
        if (context->map(&mapped, 0, 16, 77, NULL) == 0) abort();
        if (context->reprogram_mcid(0, 0, 1, 0) == 0 || context->reprogram_mcid(999, 0, 1, 0) == 0) abort();
        if (context->dlopen("x", 0) != NULL || context->dlsym(NULL, "x") != NULL) abort();
        break;
    default: break;
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
        misbehave(context, (char)in[0]);
        slip(context, (char)in[0]);
        memcpy(qaic_nsp_data(context, OUTPUT), in, BYTES);
        qaic_nsp_send_outputs(context);
    }
}
