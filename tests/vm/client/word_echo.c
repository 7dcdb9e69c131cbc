/* SPDX-License-Identifier: BSD-3-Clause */
/* Random sizes from one byte to the whole buffer of an echo program, every second one by PARTIAL_EXECUTE. */
#include "client.h"

#include <drm/qaic_accel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As many small ones as large ones: uniform in the number of bits. */
static uint64_t random_size(uint64_t most)
{
    unsigned bits = 0;
    while ((most >> bits) > 1) ++bits;
    const uint64_t mask = ((uint64_t)1 << (rand() % (bits + 1))) | 1;
    const uint64_t size = 1 + (((uint64_t)rand() << 16) ^ (uint64_t)rand()) % (mask * 2);
    return size > most ? most : size;
}

static void noise(unsigned char* at, uint64_t bytes, uint32_t seed)
{
    uint32_t x = seed | 1;
    for (uint64_t i = 0; i < bytes; ++i) {
        x = x * 1664525u + 1013904223u;
        at[i] = (unsigned char)(x >> 24);
    }
}

static void compare(const struct bo* in, const struct bo* out, uint64_t bytes)
{
    if (memcmp(in->at, out->at, bytes) == 0) return;
    uint64_t at = 0;
    while (in->at[at] == out->at[at]) ++at;
    FAIL("echo of %llu bytes: byte %llu differs", (unsigned long long)bytes, (unsigned long long)at);
}

/* Buffer objects of just this size, sliced in one or two. */
static void sized(int card, const struct program* p, uint64_t bytes)
{
    struct bo bo[2];
    const uint64_t cut = bytes > 1 && rand() % 2 ? bytes / 2 : 0;
    for (unsigned b = 0; b < 2; ++b) {
        struct qaic_attach_slice_entry slices[2];
        unsigned count = 0;
        const struct transfer* t = &p->plan->transfer[b];
        fill_slice(p, t, cut, &slices[1]);
        slices[1].size = bytes - cut;
        slices[1].dev_addr += cut;
        if (cut != 0) { /* waits as the whole does, signals nothing: the second one does */
            fill_slice(p, t, 0, &slices[0]);
            slices[0].size = cut;
            slices[0].db_len = 0;
            slices[0].db_addr = 0;
            if (!slices[0].sem0.presync) memset(&slices[0].sem0, 0, sizeof(slices[0].sem0));
            if (!slices[0].sem1.presync) memset(&slices[0].sem1, 0, sizeof(slices[0].sem1));
            count = 1;
        }
        create_bo(card, bytes, &bo[b]);
        const int result = attach_slices(card, &bo[b], p->dbc, p->plan->buffer[b].from_card,
                                         count ? slices : slices + 1, count + 1);
        CHECK(result == 0, "ATTACH_SLICE_BO of %llu bytes: %s", (unsigned long long)bytes, strerror(-result));
    }
    noise(bo[0].at, bytes, (uint32_t)bytes);
    const struct bo* const both[] = {&bo[0], &bo[1]};
    const int result = execute(card, p->dbc, both, 2), waited = wait_bo(card, both[1], 20000);
    CHECK(result == 0 && waited == 0, "echo of %llu bytes: %s, %s", (unsigned long long)bytes,
          strerror(-result), strerror(-waited));
    compare(&bo[0], &bo[1], bytes);
    for (unsigned b = 0; b < 2; ++b) {
        CHECK(wait_bo(card, &bo[b], 5000) == 0 && detach_slices(card, &bo[b]) == 0, "not detached");
        free_bo(card, &bo[b]);
    }
}

static void resized(int card, const struct program* p, struct set* s, uint64_t bytes)
{
    const struct bo* const both[] = {&s->bo[0], &s->bo[1]};
    const uint64_t resize[] = {bytes, bytes};
    noise(s->bo[0].at, bytes, (uint32_t)bytes + 99);
    const int result = partial_execute(card, p->dbc, both, resize, 2), waited = wait_bo(card, both[1], 20000);
    CHECK(result == 0 && waited == 0, "partial echo of %llu bytes: %s, %s", (unsigned long long)bytes,
          strerror(-result), strerror(-waited));
    compare(both[0], both[1], bytes);
}

int word_echo(int argc, char** argv)
{
    CHECK(argc == 4, "echo PLAN COUNT SEED");
    struct plan plan;
    struct program p;
    struct set s;
    read_plan(argv[1], &plan);
    srand((unsigned)atoi(argv[3]));
    const int card = open_card(), count = atoi(argv[2]);
    load_program(card, &plan, &p);
    CHECK(activate_program(card, &p, 2048) == 0, "not activated");
    make_set(card, &p, 1, &s);
    const uint64_t most = plan.buffer[0].bytes;
    unsigned long long total = 0;
    for (int i = 0; i < count; ++i) {
        const uint64_t bytes = i == 0 ? 1 : i < 3 ? most : random_size(most);
        if (i % 2)
            sized(card, &p, bytes);
        else
            resized(card, &p, &s, bytes);
        total += bytes;
    }
    free_set(card, &p, &s);
    deactivate_program(card, &p);
    unload_program(card, &p);
    printf("%d echoes of 1 to %llu bytes, %llu in all\n", count, (unsigned long long)most, total);
    return 0;
}
