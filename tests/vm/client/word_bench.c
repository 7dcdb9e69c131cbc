/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel's fastest legal use: one call submits BURST inferences (buffer objects of BURST slices), one
 * call waits for the last of them, and the next burst is already in the card meanwhile. Polling is a
 * parameter of the module.
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_AHEAD = 16 };

static void submit(int card, const struct program* p, struct set* s)
{
    const struct bo* const both[] = {&s->bo[0], &s->bo[1]};
    const int result = execute(card, p->dbc, both, 2);
    CHECK(result == 0, "EXECUTE_BO: %s", strerror(-result));
}

static void collect(int card, struct set* s)
{
    const int waited = wait_bo(card, &s->bo[1], 20000);
    CHECK(waited == 0, "WAIT_BO: %s", strerror(-waited));
}

int word_bench(int argc, char** argv)
{
    CHECK(argc == 5, "bench PLAN BURST AHEAD SECONDS");
    struct plan plan;
    struct program p;
    struct set sets[MOST_AHEAD];
    read_plan(argv[1], &plan);
    const unsigned burst = (unsigned)atoi(argv[2]);
    const unsigned ahead = (unsigned)atoi(argv[3]);
    const double limit = atof(argv[4]);
    CHECK(ahead > 0 && ahead <= MOST_AHEAD, "AHEAD is 1 to %d", MOST_AHEAD);
    const int card = open_card();
    load_program(card, &plan, &p);
    CHECK(activate_program(card, &p, 4096) == 0, "not activated");
    for (unsigned i = 0; i < ahead; ++i) {
        make_set(card, &p, burst, &sets[i]);
        for (uint64_t b = 0; b < sets[i].bo[0].bytes; ++b) sets[i].bo[0].at[b] = (unsigned char)(b * 13 + i);
    }
    for (unsigned i = 0; i < ahead; ++i) submit(card, &p, &sets[i]);
    const unsigned long calls_before = calls;
    const double from = seconds();
    unsigned long bursts = 0;
    do {
        struct set* s = &sets[bursts % ahead];
        collect(card, s);
        submit(card, &p, s);
        ++bursts;
    } while (seconds() - from < limit);
    const double took = seconds() - from;
    const unsigned long made = calls - calls_before;
    for (unsigned i = 0; i < ahead; ++i) {
        collect(card, &sets[i]);
        collect(card, &(struct set){.bo = {{0}, sets[i].bo[0]}});
        CHECK(memcmp(sets[i].bo[0].at, sets[i].bo[1].at, sets[i].bo[1].bytes) == 0, "not echoed");
        free_set(card, &p, &sets[i]);
    }
    deactivate_program(card, &p);
    unload_program(card, &p);
    printf("BENCH {\"inferences\": %lu, \"seconds\": %.6f, \"per_second\": %.1f, \"calls\": %lu, \"all\": "
           "%lu}\n",
           bursts * burst, took, (double)(bursts * burst) / took, made, (bursts + ahead) * burst);
    return 0;
}
