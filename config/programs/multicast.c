/* SPDX-License-Identifier: BSD-3-Clause
 * Three NSPs: NSP 0 takes two texts "digit + digit" and gives one each to NSP 1 and NSP 2, which append
 * " = result"; NSP 0 collects both into the output, 64 bytes each. Streams. */
#include "nsp_sdk/qaic_nsp_program.h"
#include <stdio.h>
#include <string.h>

enum { INPUT_0, INPUT_1, OUTPUT, QUESTION_1, QUESTION_2, ANSWER_1, ANSWER_2, TEXT = 64 };

static void lead(const qaic_nsp_context* context)
{
    for (;;) {
        qaic_nsp_ready_for_inputs(context);
        qaic_nsp_wait_inputs(context);
        qaic_nsp_broadcast(context, 0, QUESTION_1, qaic_nsp_data(context, INPUT_0), TEXT);
        qaic_nsp_broadcast(context, 0, QUESTION_2, qaic_nsp_data(context, INPUT_1), TEXT);
        qaic_nsp_wait(context, ANSWER_1);
        qaic_nsp_wait(context, ANSWER_2);
        qaic_nsp_wait_outputs_taken(context);
        uint8_t* out = qaic_nsp_data(context, OUTPUT);
        memcpy(out, qaic_nsp_data(context, ANSWER_1), TEXT);
        memcpy(out + TEXT, qaic_nsp_data(context, ANSWER_2), TEXT);
        qaic_nsp_send_outputs(context);
    }
}

/* "2 + 3" -> "2 + 3 = 5"; any other text comes back with " = ?". */
static void answer(char* text)
{
    text[TEXT - 8] = '\0'; /* room for the answer */
    const size_t length = strlen(text);
    int a = 0, b = 0;
    if (sscanf(text, "%1d + %1d", &a, &b) == 2)
        snprintf(text + length, TEXT - length, " = %d", a + b);
    else
        snprintf(text + length, TEXT - length, " = ?");
}

/* An NSP is handed its questions by NSP 0, not by the host: it may wait for ever. */
static void wait_question(const qaic_nsp_context* context, unsigned k)
{
    uint32_t* word = (uint32_t*)(void*)context->l2tcm + qaic_nsp_buffer_at(context, k)->wait_doorbell;
    while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != 1) {
        if (__atomic_load_n(context->l2tcm + QAIC_NSP_EXIT_OFFSET, __ATOMIC_ACQUIRE) == 1) context->exit();
        context->pause();
    }
    __atomic_store_n(word, 0, __ATOMIC_RELEASE);
}

static void serve(const qaic_nsp_context* context, unsigned question, unsigned reply)
{
    char text[TEXT];
    for (;;) {
        wait_question(context, question);
        memcpy(text, qaic_nsp_data(context, question), TEXT);
        answer(text);
        qaic_nsp_broadcast(context, 0, reply, text, TEXT);
    }
}

void qaic_nsp_activate(const qaic_nsp_context* context, uint8_t thread, uint32_t software_thread)
{
    (void)software_thread;
    if (thread != 0) return;
    switch (context->nsp) {
    case 0: lead(context); break;
    case 1: serve(context, QUESTION_1, ANSWER_1); break;
    default: serve(context, QUESTION_2, ANSWER_2); break;
    }
}
