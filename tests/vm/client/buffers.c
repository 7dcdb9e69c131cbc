/* SPDX-License-Identifier: BSD-3-Clause */
/* Buffer objects: made, mapped, sliced, executed, waited for. */
#include "client.h"

#include <drm/qaic_accel.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { MAX_EXECUTE = 256 };

void create_bo(int card, uint64_t bytes, struct bo* bo)
{
    struct qaic_create_bo create = {.size = bytes};
    int result = call(card, DRM_IOCTL_QAIC_CREATE_BO, &create);
    CHECK(result == 0, "CREATE_BO of %llu bytes: %s", (unsigned long long)bytes, strerror(-result));
    struct qaic_mmap_bo map = {.handle = create.handle};
    result = call(card, DRM_IOCTL_QAIC_MMAP_BO, &map);
    CHECK(result == 0, "MMAP_BO: %s", strerror(-result));
    *bo = (struct bo){.handle = create.handle, .bytes = bytes};
    bo->at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, card, (off_t)map.offset);
    CHECK(bo->at != MAP_FAILED, "mmap of %llu bytes: %m", (unsigned long long)bytes);
}

void free_bo(int card, struct bo* bo)
{
    munmap(bo->at, bo->bytes);
    struct drm_gem_close close_bo = {.handle = bo->handle};
    const int result = call(card, DRM_IOCTL_GEM_CLOSE, &close_bo);
    CHECK(result == 0, "GEM_CLOSE: %s", strerror(-result));
}

int attach_slices(int card, struct bo* bo, uint32_t dbc, unsigned from_card,
                  struct qaic_attach_slice_entry* slices, unsigned count)
{
    bo->dbc = dbc;
    bo->direction = from_card ? 2 : 1;
    struct qaic_attach_slice attach = {{count, dbc, bo->handle, bo->direction, bo->bytes}, (uintptr_t)slices};
    return call(card, DRM_IOCTL_QAIC_ATTACH_SLICE_BO, &attach);
}

int detach_slices(int card, const struct bo* bo)
{
    struct qaic_detach_slice detach = {.handle = bo->handle};
    return call(card, DRM_IOCTL_QAIC_DETACH_SLICE_BO, &detach);
}

int execute(int card, uint32_t dbc, const struct bo* const* bos, unsigned count)
{
    struct qaic_execute_entry entries[MAX_EXECUTE];
    CHECK(count <= MAX_EXECUTE, "more than %d buffer objects in a call", MAX_EXECUTE);
    for (unsigned i = 0; i < count; ++i)
        entries[i] = (struct qaic_execute_entry){bos[i]->handle, bos[i]->direction};
    struct qaic_execute all = {{count, dbc}, (uintptr_t)entries};
    return call(card, DRM_IOCTL_QAIC_EXECUTE_BO, &all);
}

int partial_execute(int card, uint32_t dbc, const struct bo* const* bos, const uint64_t* resize,
                    unsigned count)
{
    struct qaic_partial_execute_entry entries[MAX_EXECUTE];
    CHECK(count <= MAX_EXECUTE, "more than %d buffer objects in a call", MAX_EXECUTE);
    for (unsigned i = 0; i < count; ++i)
        entries[i] = (struct qaic_partial_execute_entry){bos[i]->handle, bos[i]->direction, resize[i]};
    struct qaic_execute all = {{count, dbc}, (uintptr_t)entries};
    return call(card, DRM_IOCTL_QAIC_PARTIAL_EXECUTE_BO, &all);
}

int wait_bo(int card, const struct bo* bo, unsigned milliseconds)
{
    struct qaic_wait wait = {.handle = bo->handle, .timeout = milliseconds, .dbc_id = bo->dbc};
    return call(card, DRM_IOCTL_QAIC_WAIT_BO, &wait);
}

void make_set(int card, const struct program* p, unsigned copies, struct set* s)
{
    struct qaic_attach_slice_entry* slices = calloc((size_t)copies * PLAN_TRANSFERS, sizeof(*slices));
    CHECK(slices != NULL, "no memory");
    memset(s, 0, sizeof(*s));
    s->copies = copies;
    for (unsigned b = 0; b < p->plan->buffers; ++b) {
        const struct buffer_plan* plan = &p->plan->buffer[b];
        unsigned count = 0;
        for (unsigned k = 0; k < copies; ++k)
            for (unsigned t = 0; t < p->plan->transfers; ++t)
                if (p->plan->transfer[t].buffer == b)
                    fill_slice(p, &p->plan->transfer[t], k * plan->bytes + p->plan->transfer[t].host_offset,
                               &slices[count++]);
        create_bo(card, plan->bytes * copies, &s->bo[b]);
        const int result = attach_slices(card, &s->bo[b], p->dbc, plan->from_card, slices, count);
        CHECK(result == 0, "ATTACH_SLICE_BO, %u slices: %s", count, strerror(-result));
    }
    free(slices);
}

void free_set(int card, const struct program* p, struct set* s)
{
    for (unsigned b = 0; b < p->plan->buffers; ++b) {
        const int result = detach_slices(card, &s->bo[b]);
        CHECK(result == 0, "DETACH_SLICE_BO: %s", strerror(-result));
        free_bo(card, &s->bo[b]);
    }
}
