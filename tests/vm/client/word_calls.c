/* SPDX-License-Identifier: BSD-3-Clause */
/* Every call once, with the answers the kernel documents for right and wrong use (aic100-device.md 7.1). */
#include "client.h"

#include <drm/qaic_accel.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPECT(call, result)                                                                                 \
    do {                                                                                                     \
        const int got_ = (call);                                                                             \
        CHECK(got_ == (result), "%s: %s, expected %s", #call, strerror(-got_), strerror(-(result)));         \
    } while (0)

static void fill(struct bo* bo, unsigned char first)
{
    for (uint64_t i = 0; i < bo->bytes; ++i) bo->at[i] = (unsigned char)(first + i * 7);
}

static void expect_echo(const struct bo* in, const struct bo* out, uint64_t bytes, const char* what)
{
    for (uint64_t i = 0; i < bytes; ++i)
        CHECK(in->at[i] == out->at[i], "%s: byte %llu differs", what, (unsigned long long)i);
}

static void wrong_use(int card, const struct program* p)
{
    struct qaic_create_bo none = {.size = 0};
    EXPECT(call(card, DRM_IOCTL_QAIC_CREATE_BO, &none), -EINVAL);
    struct qaic_mmap_bo missing = {.handle = 4711};
    EXPECT(call(card, DRM_IOCTL_QAIC_MMAP_BO, &missing), -ENOENT);
    struct bo bo;
    create_bo(card, 4096, &bo);
    const struct bo* const one[] = {&bo};
    struct qaic_attach_slice_entry slice;
    fill_slice(p, &p->plan->transfer[0], 0, &slice);
    slice.size = 4096;
    EXPECT(attach_slices(card, &bo, 16, 0, &slice, 1), -EINVAL);
    EXPECT(attach_slices(card, &bo, (p->dbc + 1) % 16, 0, &slice, 1), -EINVAL);
    slice.offset = 1;
    EXPECT(attach_slices(card, &bo, p->dbc, 0, &slice, 1), -EINVAL);
    EXPECT(execute(card, p->dbc, one, 1), -EINVAL);
    EXPECT(detach_slices(card, &bo), -EINVAL);
    slice.offset = 0;
    EXPECT(attach_slices(card, &bo, p->dbc, 0, &slice, 1), 0);
    EXPECT(attach_slices(card, &bo, p->dbc, 0, &slice, 1), -EINVAL);
    EXPECT(execute(card, (p->dbc + 1) % 16, one, 1), -EPERM);
    const uint64_t more = 4097;
    EXPECT(partial_execute(card, p->dbc, one, &more, 1), -EINVAL);
    EXPECT(wait_bo(card, &bo, 10), 0); /* nothing queued */
    EXPECT(detach_slices(card, &bo), 0);
    free_bo(card, &bo);
}

static void statistics(int card, const struct program* p, const struct set* s)
{
    struct qaic_perf_stats_entry entry[2] = {{.handle = s->bo[0].handle}, {.handle = s->bo[1].handle}};
    struct qaic_perf_stats all = {{2, 0, p->dbc}, (uintptr_t)entry};
    EXPECT(call(card, DRM_IOCTL_QAIC_PERF_STATS_BO, &all), 0);
    for (int i = 0; i < 2; ++i)
        CHECK(entry[i].num_queue_element >= 1 && entry[i].device_latency_us > 0 &&
                  entry[i].device_latency_us < 10000000,
              "statistics of %d: %u elements, %u us in the card", i, entry[i].num_queue_element,
              entry[i].device_latency_us);
    printf("statistics: input %u us submit, %u us in the card; output %u us in the card\n",
           entry[0].submit_latency_us, entry[0].device_latency_us, entry[1].device_latency_us);
}

/* An output without its input waits in the card: what blocking calls do meanwhile, and what after. */
static void waits(int card, const struct program* p, struct set* s)
{
    const struct bo *const in[] = {&s->bo[0]}, *const out[] = {&s->bo[1]};
    EXPECT(execute(card, p->dbc, out, 1), 0);
    const double from = seconds();
    EXPECT(wait_bo(card, out[0], 100), -ETIMEDOUT);
    const double took = seconds() - from;
    CHECK(took > 0.09 && took < 5, "a wait of 100 ms took %.3f s", took);
    EXPECT(detach_slices(card, out[0]), -EBUSY);
    EXPECT(execute(card, p->dbc, out, 1), -EINVAL);
    fill(&s->bo[0], 1);
    EXPECT(execute(card, p->dbc, in, 1), 0);
    EXPECT(wait_bo(card, out[0], 0), 0);
    EXPECT(wait_bo(card, in[0], 1000), 0);
    expect_echo(in[0], out[0], s->bo[1].bytes, "after a time-out");
}

static void partial(int card, const struct program* p, struct set* s)
{
    const struct bo* const both[] = {&s->bo[0], &s->bo[1]};
    const uint64_t bytes = s->bo[0].bytes, sizes[] = {1, 4096, bytes / 2 + 3, bytes};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); ++i) {
        const uint64_t resize[] = {sizes[i], sizes[i]};
        fill(&s->bo[0], (unsigned char)(40 + i));
        memset(s->bo[1].at, 0xee, bytes);
        EXPECT(partial_execute(card, p->dbc, both, resize, 2), 0);
        EXPECT(wait_bo(card, both[1], 5000), 0);
        expect_echo(both[0], both[1], sizes[i], "partial");
        for (uint64_t k = sizes[i]; k < bytes; ++k)
            CHECK(s->bo[1].at[k] == 0xee, "partial, %llu bytes: byte %llu was written",
                  (unsigned long long)sizes[i], (unsigned long long)k);
    }
    const uint64_t nothing[] = {0, 0}; /* signalled, not moved */
    memset(s->bo[1].at, 0xdd, bytes);
    EXPECT(partial_execute(card, p->dbc, both, nothing, 2), 0);
    EXPECT(wait_bo(card, both[1], 5000), 0);
    CHECK(s->bo[1].at[0] == 0xdd && s->bo[1].at[bytes - 1] == 0xdd,
          "a partial execution of 0 bytes moved some");
}

int word_calls(int argc, char** argv)
{
    CHECK(argc == 2, "calls PLAN");
    struct plan plan;
    struct program p;
    struct set s;
    read_plan(argv[1], &plan);
    const int card = open_card();
    load_program(card, &plan, &p);
    CHECK(activate_program(card, &p, 512) == 0, "not activated");
    wrong_use(card, &p);
    make_set(card, &p, 1, &s);
    const struct bo* const both[] = {&s.bo[0], &s.bo[1]};
    fill(&s.bo[0], 9);
    EXPECT(execute(card, p.dbc, both, 2), 0);
    EXPECT(wait_bo(card, both[1], 5000), 0);
    expect_echo(both[0], both[1], s.bo[1].bytes, "execute");
    statistics(card, &p, &s);
    waits(card, &p, &s);
    partial(card, &p, &s);
    free_set(card, &p, &s);
    deactivate_program(card, &p);
    EXPECT(execute(card, p.dbc, both, 1), -EPERM);
    unload_program(card, &p);
    printf("%lu calls as documented\n", calls);
    return 0;
}
