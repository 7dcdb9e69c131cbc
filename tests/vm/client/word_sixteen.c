/* SPDX-License-Identifier: BSD-3-Clause */
/* All sixteen channels at once, each with its own data; a seventeenth activation is refused. */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNELS = 16 };

static void one_round(int card, const struct program* p, struct set* sets, unsigned round)
{
    for (unsigned i = 0; i < CHANNELS; ++i) {
        const struct bo* const both[] = {&sets[i].bo[0], &sets[i].bo[1]};
        memset(sets[i].bo[0].at, (int)(round * CHANNELS + i), sets[i].bo[0].bytes);
        const int result = execute(card, p[i].dbc, both, 2);
        CHECK(result == 0, "channel %u: EXECUTE_BO: %s", p[i].dbc, strerror(-result));
    }
    for (unsigned i = 0; i < CHANNELS; ++i) {
        const int waited = wait_bo(card, &sets[i].bo[1], 20000);
        CHECK(waited == 0, "channel %u, round %u: WAIT_BO: %s", p[i].dbc, round, strerror(-waited));
        CHECK(memcmp(sets[i].bo[0].at, sets[i].bo[1].at, sets[i].bo[0].bytes) == 0,
              "channel %u, round %u: not echoed", p[i].dbc, round);
    }
}

int word_sixteen(int argc, char** argv)
{
    CHECK(argc == 3, "sixteen PLAN SECONDS");
    struct plan plan;
    struct program p[CHANNELS + 1];
    struct set sets[CHANNELS];
    read_plan(argv[1], &plan);
    const int card = open_card();
    unsigned seen = 0, round = 0;
    load_program(card, &plan, &p[0]);
    for (unsigned i = 0; i < CHANNELS; ++i) {
        p[i] = p[0];
        const int refused = activate_program(card, &p[i], 64);
        CHECK(refused == 0, "activation %u: status %d", i, refused);
        CHECK(p[i].dbc < CHANNELS && (seen & 1u << p[i].dbc) == 0, "activation %u: channel %u again", i,
              p[i].dbc);
        seen |= 1u << p[i].dbc;
        make_set(card, &p[i], 1, &sets[i]);
    }
    p[CHANNELS] = p[0];
    const int refused = activate_program(card, &p[CHANNELS], 64);
    CHECK(refused < 0, "a seventeenth activation was granted: channel %u", p[CHANNELS].dbc);
    for (const double until = seconds() + atof(argv[2]); seconds() < until;)
        one_round(card, p, sets, round++);
    for (unsigned i = 0; i < CHANNELS; ++i) {
        free_set(card, &p[i], &sets[i]);
        deactivate_program(card, &p[i]);
    }
    unload_program(card, &p[0]);
    printf("16 channels, %u rounds, a seventeenth refused with %d\n", round, refused);
    return 0;
}
