/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads the folder that load_plan.py writes: plan.txt, network.elf, constants.bin. */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void* read_whole(const char* path, size_t* bytes)
{
    FILE* f = fopen(path, "rb");
    CHECK(f != NULL, "%s: %m", path);
    fseek(f, 0, SEEK_END);
    const long size = ftell(f);
    CHECK(size >= 0 && size < 1L << 30, "%s: %ld bytes", path, size);
    rewind(f);
    void* data = malloc((size_t)size + 1);
    CHECK(data != NULL && fread(data, 1, (size_t)size, f) == (size_t)size, "%s: cannot be read", path);
    fclose(f);
    *bytes = (size_t)size;
    return data;
}

static void read_transfer(FILE* f, struct plan* p)
{
    CHECK(p->transfers < PLAN_TRANSFERS, "more than %d transfers", PLAN_TRANSFERS);
    struct transfer* t = &p->transfer[p->transfers++];
    CHECK(fscanf(f, "%u %llu %u %u %u %u %llu %u %u %llu %u", &t->buffer, &t->host_offset, &t->size,
                 &t->from_card, &t->space, &t->mcid, &t->device_offset, &t->doorbell_bits, &t->doorbell_mcid,
                 &t->doorbell_offset, &t->doorbell_data) == 11,
          "transfer %u: not eleven numbers", p->transfers);
    for (unsigned i = 0; i < 4; ++i) {
        struct semaphore* s = &t->semaphore[i];
        CHECK(fscanf(f, "%u %u %u %u %u", &s->value, &s->index, &s->presync, &s->command, &s->flags) == 5,
              "transfer %u: semaphore %u is not five numbers", p->transfers, i);
    }
}

static void read_buffer(FILE* f, struct plan* p)
{
    CHECK(p->buffers < PLAN_BUFFERS, "more than %d buffers", PLAN_BUFFERS);
    struct buffer_plan* b = &p->buffer[p->buffers++];
    CHECK(fscanf(f, "%llu %u", &b->bytes, &b->from_card) == 2, "buffer %u: not two numbers", p->buffers);
}

void read_plan(const char* folder, struct plan* p)
{
    char path[256], word[32];
    memset(p, 0, sizeof(*p));
    snprintf(path, sizeof(path), "%s/plan.txt", folder);
    FILE* f = fopen(path, "r");
    CHECK(f != NULL, "%s: %m", path);
    while (fscanf(f, "%31s", word) == 1) {
        if (strcmp(word, "name") == 0)
            CHECK(fscanf(f, "%63s", p->name) == 1, "%s: name", path);
        else if (strcmp(word, "constants") == 0)
            CHECK(fscanf(f, "%llu %llu %u %u", &p->static_bytes, &p->dynamic_bytes, &p->static_ecc,
                         &p->dynamic_ecc) == 4,
                  "%s: constants", path);
        else if (strcmp(word, "buffer") == 0)
            read_buffer(f, p);
        else if (strcmp(word, "transfer") == 0)
            read_transfer(f, p);
        else
            FAIL("%s: unknown word %s", path, word);
    }
    fclose(f);
    snprintf(path, sizeof(path), "%s/network.elf", folder);
    p->elf = read_whole(path, &p->elf_bytes);
    if (p->static_bytes + p->dynamic_bytes == 0) return;
    snprintf(path, sizeof(path), "%s/constants.bin", folder);
    p->constants = read_whole(path, &p->constants_bytes);
}
