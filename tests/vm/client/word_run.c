/* SPDX-License-Identifier: BSD-3-Clause */
/* Inputs from a file through a program, COPIES a call, outputs to a file. */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void run_some(int card, const struct program* p, struct set* s, const unsigned char* in,
                     unsigned char* out, unsigned count)
{
    const struct buffer_plan* b = p->plan->buffer;
    const struct bo* const both[] = {&s->bo[0], &s->bo[1]};
    memcpy(s->bo[0].at, in, count * b[0].bytes);
    const int result = execute(card, p->dbc, both, 2);
    CHECK(result == 0, "EXECUTE_BO: %s", strerror(-result));
    const int waited = wait_bo(card, both[1], 20000);
    CHECK(waited == 0, "WAIT_BO: %s", strerror(-waited));
    memcpy(out, s->bo[1].at, count * b[1].bytes);
}

int word_run(int argc, char** argv)
{
    CHECK(argc >= 4, "run PLAN INPUTS OUTPUTS [COPIES]");
    struct plan plan;
    struct program p;
    struct set many, one;
    size_t bytes;
    const unsigned copies = argc > 4 ? (unsigned)atoi(argv[4]) : 1;
    read_plan(argv[1], &plan);
    CHECK(plan.buffers == 2 && !plan.buffer[0].from_card && plan.buffer[1].from_card && copies > 0,
          "not one input, one output");
    unsigned char* in = read_whole(argv[2], &bytes);
    const unsigned count = (unsigned)(bytes / plan.buffer[0].bytes);
    unsigned char* out = calloc(count + 1, plan.buffer[1].bytes);
    CHECK(out != NULL && count > 0, "%s: %zu bytes are no input", argv[2], bytes);

    const int card = open_card();
    load_program(card, &plan, &p);
    CHECK(activate_program(card, &p, 512) == 0, "not activated");
    make_set(card, &p, copies, &many);
    make_set(card, &p, 1, &one);
    unsigned done = 0;
    for (; done + copies <= count; done += copies)
        run_some(card, &p, &many, in + done * plan.buffer[0].bytes, out + done * plan.buffer[1].bytes,
                 copies);
    for (; done < count; ++done)
        run_some(card, &p, &one, in + done * plan.buffer[0].bytes, out + done * plan.buffer[1].bytes, 1);
    free_set(card, &p, &many);
    free_set(card, &p, &one);
    deactivate_program(card, &p);
    unload_program(card, &p);

    FILE* f = fopen(argv[3], "wb");
    CHECK(f != NULL && fwrite(out, plan.buffer[1].bytes, count, f) == count && fclose(f) == 0, "%s: %m",
          argv[3]);
    printf("%u inferences of %s, %u a call\n", count, plan.name, copies);
    return 0;
}
