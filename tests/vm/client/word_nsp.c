/* SPDX-License-Identifier: BSD-3-Clause */
/* Host-native NSP programs (config/programs) through the kernel: what each must answer, and what happens
 * after it hangs or crashes. Exit status 0 when all was as it must be. */
#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ELEMENTS = 256, PATIENCE = 20000, SOON = 1500 };

struct job {
    int card;
    struct plan plan;
    struct program p;
    struct set s;
};

static void start(struct job* j)
{
    const int refused = activate_program(j->card, &j->p, ELEMENTS);
    CHECK(refused == 0, "%s: not activated: status %d", j->plan.name, refused);
    make_set(j->card, &j->p, 1, &j->s);
}

static void load(struct job* j, const char* folder)
{
    memset(j, 0, sizeof(*j));
    read_plan(folder, &j->plan);
    j->card = open_card();
    load_program(j->card, &j->plan, &j->p);
    start(j);
}

/* The kernel drops the slices of a channel that goes; the buffer objects themselves stay. */
static void stop(struct job* j, int channel_lost)
{
    if (!channel_lost) deactivate_program(j->card, &j->p);
    for (unsigned b = 0; b < j->plan.buffers; ++b) free_bo(j->card, &j->s.bo[b]);
}

static unsigned char* buffer(struct job* j, unsigned b) { return j->s.bo[b].at; }
static uint64_t bytes(const struct job* j, unsigned b) { return j->plan.buffer[b].bytes; }

static int infer(struct job* j, unsigned milliseconds)
{
    const struct bo *all[PLAN_BUFFERS], *last = NULL;
    for (unsigned b = 0; b < j->plan.buffers; ++b) {
        all[b] = &j->s.bo[b];
        if (j->plan.buffer[b].from_card) memset((last = all[b])->at, 0xa5, bytes(j, b));
    }
    const int result = execute(j->card, j->p.dbc, all, j->plan.buffers);
    return result != 0 ? result : wait_bo(j->card, last, milliseconds);
}

static void expect(struct job* j, int got, int wanted, const char* what)
{
    CHECK(got == wanted, "%s, %s: %s, expected %s", j->plan.name, what, strerror(-got), strerror(-wanted));
}

/* Two inputs of 64 bytes: the front half of the first, the back half of the second. */
static void expect_halves(struct job* j, unsigned round)
{
    for (unsigned i = 0; i < 64; ++i) {
        buffer(j, 0)[i] = (unsigned char)(round * 3 + i);
        buffer(j, 1)[i] = (unsigned char)(round * 5 + 200 - i);
    }
    expect(j, infer(j, PATIENCE), 0, "inference");
    CHECK(memcmp(buffer(j, 2), buffer(j, 0), 32) == 0 &&
              memcmp(buffer(j, 2) + 32, buffer(j, 1) + 32, 32) == 0,
          "%s, round %u: wrong output", j->plan.name, round);
}

static void simple_io(struct job* j)
{
    expect_halves(j, 1);
    expect(j, infer(j, SOON), -ETIMEDOUT, "a second inference of a program made for one");
    stop(j, 0);
    start(j);
    expect_halves(j, 2);
}

static void streaming(struct job* j)
{
    for (unsigned round = 0; round < 500; ++round) expect_halves(j, round);
}

static void multicast(struct job* j)
{
    static const char sums[2][2][64] = {{"2 + 3", "2 + 3 = 5"}, {"4 + 5", "4 + 5 = 9"}};
    for (unsigned i = 0; i < 2; ++i) memcpy(buffer(j, i), sums[i][0], 64);
    expect(j, infer(j, PATIENCE), 0, "inference");
    for (unsigned i = 0; i < 2; ++i)
        CHECK(memcmp(buffer(j, 2) + 64 * i, sums[i][1], 64) == 0, "%s: \"%.64s\", expected \"%s\"",
              j->plan.name, buffer(j, 2) + 64 * i, sums[i][1]);
}

static void expect_echo(struct job* j)
{
    memset(buffer(j, 0), 'x', 64);
    expect(j, infer(j, PATIENCE), 0, "inference");
    CHECK(memcmp(buffer(j, 0), buffer(j, 1), 64) == 0, "%s: wrong output", j->plan.name);
}

static void hang(struct job* j)
{
    expect_echo(j);
    buffer(j, 0)[0] = 'H';
    expect(j, infer(j, SOON), -ETIMEDOUT, "an inference that hangs");
    stop(j, 0);
    start(j);
    expect_echo(j);
}

static void crash(struct job* j)
{
    expect_echo(j);
    buffer(j, 0)[0] = 'C';
    const int got = infer(j, PATIENCE);
    CHECK(got == -EPIPE || got == -EPERM, "%s: a crash ended the wait with %s", j->plan.name, strerror(-got));
    stop(j, 1);
    int refused = -36; /* under restart: ask again (aic100-device.md 4.8) */
    for (int tries = 0; tries < 50 && refused == -36; ++tries) {
        refused = activate_program(j->card, &j->p, ELEMENTS);
        if (refused == -36) sleep_ms(200);
    }
    CHECK(refused == 0, "%s: not activated after its crash: status %d", j->plan.name, refused);
    make_set(j->card, &j->p, 1, &j->s);
    expect_echo(j);
}

int word_nsp(int argc, char** argv)
{
    static const struct {
        const char* name;
        void (*run)(struct job*);
    } programs[] = {{"simple_io", simple_io},
                    {"streaming", streaming},
                    {"multicast", multicast},
                    {"hang", hang},
                    {"crash", crash}};
    CHECK(argc == 3, "nsp PROGRAM PLAN");
    for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); ++i) {
        if (strcmp(argv[1], programs[i].name) != 0) continue;
        struct job j;
        load(&j, argv[2]);
        programs[i].run(&j);
        stop(&j, 0);
        unload_program(j.card, &j.p);
        printf("%s: as it must be\n", argv[1]);
        return 0;
    }
    FAIL("no program %s", argv[1]);
}
