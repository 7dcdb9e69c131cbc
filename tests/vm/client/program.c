/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands of the management firmware (aic100-device.md 4.13): load, activate, deactivate, unload. */
#include "client.h"

#include <drm/qaic_accel.h>
#include <string.h>

enum { TAG_ELF = 100, TAG_CONSTANTS = 300, MULTICAST_WINDOW = 0x800000 };

struct load_constants_ex {
    uint32_t type, process;
    char name[64];
    uint32_t descriptor_bytes, pad;
    uint64_t static_bytes, dynamic_bytes;
    uint8_t static_ecc, dynamic_ecc, pad1[6];
};
struct constants_payload {
    uint32_t type, process, tag, id;
    uint64_t bytes, offset;
};
struct load_elf {
    uint32_t type, tag, process, crc;
    char name[64];
    uint64_t bytes;
    uint32_t flatbuffer_crc, pad;
};
struct loaded {
    struct qaic_manage_trans_hdr header;
    uint32_t type, id;
    int32_t status;
    uint32_t pad;
};
struct activate {
    uint32_t type, process, constants, elf, reservation_type;
    int32_t reservation;
    uint32_t set_up_channel;
    int32_t channel_reservation, state;
    uint32_t dma_type;
    uint8_t switching, pad[7];
};
struct activated {
    struct qaic_manage_trans_hdr header;
    uint32_t type;
    int32_t status;
    uint32_t activation, channel;
    uint64_t ddr, dynamic_ddr, multicast;
};
struct command { /* type and one word: unload, and the start of every answer */
    uint32_t type, word;
};
struct deactivate {
    uint32_t type, activation, tear_down, pad;
};

static void add_dma(struct message* m, uint32_t tag, const void* data, uint64_t bytes)
{
    struct qaic_manage_trans_dma_xfer* t = add_transaction(m, QAIC_TRANS_DMA_XFER_FROM_USR, sizeof(*t));
    t->tag = tag;
    t->addr = (uintptr_t)data;
    t->size = bytes;
}

static uint32_t loaded_id(int card, struct message* m, const char* what, uint32_t type)
{
    const int result = manage(card, m);
    CHECK(result == 0, "%s: %s", what, strerror(-result));
    const struct loaded* reply = transaction(m, 0, QAIC_TRANS_PASSTHROUGH_FROM_DEV, sizeof(*reply));
    CHECK(reply->type == type && reply->status == 0, "%s: answer %u, status %d", what, reply->type,
          reply->status);
    return reply->id;
}

static uint32_t load_constants(int card, const struct plan* p)
{
    struct load_constants_ex ex = {15,
                                   0,
                                   "constants",
                                   24,
                                   0,
                                   p->static_bytes,
                                   p->dynamic_bytes,
                                   (uint8_t)p->static_ecc,
                                   (uint8_t)p->dynamic_ecc,
                                   {0}};
    struct message m;
    start_message(&m);
    add_command(&m, &ex, sizeof(ex));
    const uint32_t id = loaded_id(card, &m, "LOAD_CONSTANTS_EX", 2);
    CHECK(id != 0, "LOAD_CONSTANTS_EX gave id 0");
    if (p->constants_bytes == 0) return id;
    const struct constants_payload payload = {16, 0, TAG_CONSTANTS, id, p->constants_bytes, 0};
    start_message(&m);
    add_command(&m, &payload, sizeof(payload));
    add_dma(&m, TAG_CONSTANTS, p->constants, p->constants_bytes);
    loaded_id(card, &m, "LOAD_CONSTANTS_PAYLOAD", 2);
    return id;
}

void load_program(int card, const struct plan* plan, struct program* p)
{
    memset(p, 0, sizeof(*p));
    p->plan = plan;
    if (plan->static_bytes + plan->dynamic_bytes != 0) p->constants = load_constants(card, plan);
    const struct load_elf elf = {3, TAG_ELF, 0, 0, "NetworkImage", plan->elf_bytes, 0, 0};
    struct message m;
    start_message(&m);
    add_command(&m, &elf, sizeof(elf));
    add_dma(&m, TAG_ELF, plan->elf, plan->elf_bytes);
    p->elf = loaded_id(card, &m, "LOAD_ELF", 4);
    CHECK(p->elf != 0, "LOAD_ELF gave id 0");
}

int activate_program(int card, struct program* p, unsigned elements)
{
    const struct activate command = {9, 0, p->constants, p->elf, 0, -1, 1, -1, 1, 0, 0, {0}};
    struct message m;
    start_message(&m);
    add_command(&m, &command, sizeof(command));
    struct qaic_manage_trans_activate_to_dev* queue =
        add_transaction(&m, QAIC_TRANS_ACTIVATE_FROM_USR, sizeof(*queue));
    queue->queue_size = elements;
    const int result = manage(card, &m);
    CHECK(result == 0, "ACTIVATE: %s", strerror(-result));
    const struct activated* reply = transaction(&m, 0, QAIC_TRANS_PASSTHROUGH_FROM_DEV, sizeof(*reply));
    CHECK(reply->type == 10, "ACTIVATE: answer %u", reply->type);
    if (reply->status != 0) return reply->status;
    const struct qaic_manage_trans_activate_from_dev* channel =
        transaction(&m, 1, QAIC_TRANS_ACTIVATE_FROM_DEV, sizeof(*channel));
    CHECK(channel->status == 0 && channel->dbc_id == reply->channel, "ACTIVATE: channel %u, in the answer %u",
          channel->dbc_id, reply->channel);
    p->activation = reply->activation;
    p->dbc = channel->dbc_id;
    p->ddr = reply->ddr;
    p->dynamic_ddr = reply->dynamic_ddr;
    p->multicast = reply->multicast;
    return 0;
}

/* A command answered by a status alone. While a workload restarts, what touches it is put off (-36): asked
 * again. */
static void simple(int card, const struct message* request, const char* what, uint32_t type)
{
    enum { RESTARTING = -36, TRIES = 50, PAUSE_MS = 200 };
    for (int tries = 1;; ++tries) {
        struct message m = *request;
        const int result = manage(card, &m);
        CHECK(result == 0, "%s: %s", what, strerror(-result));
        const struct {
            struct qaic_manage_trans_hdr header;
            uint32_t type;
            int32_t status;
        }* reply = transaction(&m, 0, QAIC_TRANS_PASSTHROUGH_FROM_DEV, sizeof(*reply));
        if (reply->type == type && reply->status == 0) return;
        CHECK(reply->type == type && reply->status == RESTARTING && tries < TRIES, "%s: answer %u, status %d",
              what, reply->type, reply->status);
        sleep_ms(PAUSE_MS);
    }
}

void deactivate_program(int card, struct program* p)
{
    const struct deactivate command = {11, p->activation, 1, 0};
    struct message m;
    start_message(&m);
    add_command(&m, &command, sizeof(command));
    struct qaic_manage_trans_deactivate* t = add_transaction(&m, QAIC_TRANS_DEACTIVATE_FROM_USR, sizeof(*t));
    t->dbc_id = p->dbc;
    simple(card, &m, "DEACTIVATE", 12);
}

void unload_program(int card, struct program* p)
{
    const struct command elf = {7, p->elf}, constants = {5, p->constants};
    struct message m;
    start_message(&m);
    add_command(&m, &elf, sizeof(elf));
    simple(card, &m, "UNLOAD_ELF", 8);
    if (p->constants == 0) return;
    start_message(&m);
    add_command(&m, &constants, sizeof(constants));
    simple(card, &m, "UNLOAD_CONSTANTS", 6);
}

static struct qaic_sem semaphore(const struct semaphore* s)
{
    return (struct qaic_sem){(uint16_t)s->value,  (uint8_t)s->index, (uint8_t)s->presync,
                             (uint8_t)s->command, (uint8_t)s->flags, 0};
}

/* Addresses as activation gave them: aic100-device.md 4.14, address rules. */
void fill_slice(const struct program* p, const struct transfer* t, uint64_t offset,
                struct qaic_attach_slice_entry* slice)
{
    memset(slice, 0, sizeof(*slice));
    slice->size = t->size;
    slice->offset = offset;
    slice->sem0 = semaphore(&t->semaphore[0]);
    slice->sem1 = semaphore(&t->semaphore[1]);
    slice->sem2 = semaphore(&t->semaphore[2]);
    slice->sem3 = semaphore(&t->semaphore[3]);
    slice->dev_addr = t->device_offset + (t->space == SPACE_DDR ? p->ddr
                                          : t->space == SPACE_DYNAMIC_DDR
                                              ? p->dynamic_ddr
                                              : p->multicast + (uint64_t)t->mcid * MULTICAST_WINDOW);
    slice->db_len = t->doorbell_bits;
    slice->db_data = t->doorbell_data;
    if (t->doorbell_bits != 0)
        slice->db_addr = p->multicast + (uint64_t)t->doorbell_mcid * MULTICAST_WINDOW + t->doorbell_offset;
}
