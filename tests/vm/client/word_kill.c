/* SPDX-License-Identifier: BSD-3-Clause */
/* A client is killed at a random point, again and again: what it held comes back, and the next one works. */
#include "client.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct free_resources {
    uint32_t dram_mib;
    uint8_t channels, nsps;
};

static struct free_resources ask_free(int card)
{
    const uint32_t command[4] = {32, 0, 0xffffffffu, 0};
    struct message m;
    start_message(&m);
    add_command(&m, command, sizeof(command));
    const int result = manage(card, &m);
    CHECK(result == 0, "RESOURCE_INFO: %s", strerror(-result));
    const unsigned char* block = (const unsigned char*)transaction(&m, 0, 3, 8 + 56) + 16;
    struct free_resources r = {.channels = block[13], .nsps = block[15]};
    memcpy(&r.dram_mib, block + 4, 4);
    return r;
}

/* Never ends by itself: load, activate, infer, deactivate, unload, again. */
static void victim(const struct plan* plan)
{
    struct program p;
    struct set s;
    const int card = open_card();
    for (;;) {
        load_program(card, plan, &p);
        CHECK(activate_program(card, &p, 512) == 0, "not activated");
        make_set(card, &p, 8, &s);
        const struct bo* const both[] = {&s.bo[0], &s.bo[1]};
        for (int i = 0; i < 20; ++i)
            CHECK(execute(card, p.dbc, both, 2) == 0 && wait_bo(card, both[1], 20000) == 0, "round %d", i);
        CHECK(wait_bo(card, both[0], 20000) == 0, "input not done");
        free_set(card, &p, &s);
        deactivate_program(card, &p);
        unload_program(card, &p);
    }
}

static void kill_one(const struct plan* plan, unsigned microseconds)
{
    const pid_t child = fork();
    CHECK(child >= 0, "fork: %m");
    if (child == 0) victim(plan);
    usleep(microseconds);
    int status = 0;
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child,
          "the client could not be killed: %m");
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "the client ended by itself: status 0x%x",
          (unsigned)status);
}

/* A whole life of a client, outputs checked; it ends without a word, as good as killed. */
static void successor(const struct plan* plan)
{
    struct program p;
    struct set s;
    const int card = open_card();
    load_program(card, plan, &p);
    CHECK(activate_program(card, &p, 512) == 0, "the next client was not activated");
    make_set(card, &p, 4, &s);
    const struct bo* const both[] = {&s.bo[0], &s.bo[1]};
    for (uint64_t i = 0; i < s.bo[0].bytes; ++i) s.bo[0].at[i] = (unsigned char)(i * 31);
    CHECK(execute(card, p.dbc, both, 2) == 0 && wait_bo(card, both[1], 20000) == 0,
          "the next client's inference failed");
    CHECK(memcmp(s.bo[0].at, s.bo[1].at, s.bo[0].bytes) == 0, "the next client's outputs differ");
}

static void next_client(const struct plan* plan)
{
    const pid_t child = fork();
    CHECK(child >= 0, "fork: %m");
    if (child == 0) {
        successor(plan);
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && status == 0, "the next client did not work: status 0x%x",
          (unsigned)status);
}

int word_kill(int argc, char** argv)
{
    CHECK(argc == 4, "kill PLAN TIMES SEED");
    struct plan plan;
    read_plan(argv[1], &plan);
    srand((unsigned)atoi(argv[3]));
    const int times = atoi(argv[2]), card = open_card();
    const struct free_resources before = ask_free(card);
    for (int i = 0; i < times; ++i) {
        kill_one(&plan, 1000u + (unsigned)rand() % 400000u);
        const struct free_resources after = ask_free(card);
        CHECK(after.dram_mib == before.dram_mib && after.channels == before.channels &&
                  after.nsps == before.nsps,
              "after kill %d: %u MiB, %u channels, %u NSPs free; before: %u, %u, %u", i, after.dram_mib,
              after.channels, after.nsps, before.dram_mib, before.channels, before.nsps);
        next_client(&plan);
    }
    printf("%d clients killed, %u MiB, %u channels and %u NSPs free as before\n", times, before.dram_mib,
           before.channels, before.nsps);
    return 0;
}
