/* SPDX-License-Identifier: BSD-3-Clause */
/* One verified echo after the other for some seconds. Exit status 3 when the workload was taken away. */
#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int word_loop(int argc, char** argv)
{
    CHECK(argc == 3, "loop PLAN SECONDS");
    struct plan plan;
    struct program p;
    struct set s;
    read_plan(argv[1], &plan);
    const int card = open_card();
    load_program(card, &plan, &p);
    CHECK(activate_program(card, &p, 128) == 0, "not activated");
    make_set(card, &p, 1, &s);
    printf("LOOP channel %u\n", p.dbc);
    const struct bo* const both[] = {&s.bo[0], &s.bo[1]};
    unsigned long rounds = 0;
    for (const double until = seconds() + atof(argv[2]); seconds() < until; ++rounds) {
        memset(s.bo[0].at, (int)rounds, s.bo[0].bytes);
        int result = execute(card, p.dbc, both, 2);
        if (result == 0) result = wait_bo(card, both[1], 20000);
        if (result == -EPIPE || result == -EPERM) {
            printf("LOOP taken away after %lu rounds: %s\n", rounds, strerror(-result));
            return 3;
        }
        CHECK(result == 0, "round %lu: %s", rounds, strerror(-result));
        CHECK(memcmp(s.bo[0].at, s.bo[1].at, s.bo[0].bytes) == 0, "round %lu: not echoed", rounds);
    }
    free_set(card, &p, &s);
    deactivate_program(card, &p);
    unload_program(card, &p);
    printf("LOOP %lu rounds\n", rounds);
    return 0;
}
