/* SPDX-License-Identifier: BSD-3-Clause */
/* MANAGE: a list of transactions there, a list of transactions back over the same memory. */
#include "client.h"

#include <drm/qaic_accel.h>
#include <string.h>

void start_message(struct message* m) { memset(m, 0, sizeof(*m)); }

void* add_transaction(struct message* m, uint32_t type, uint32_t length)
{
    CHECK(m->length + length <= MESSAGE_MAX, "a message of more than %d bytes", MESSAGE_MAX);
    struct qaic_manage_trans_hdr* header = (void*)(m->bytes + m->length);
    header->type = type;
    header->len = length;
    m->length += length;
    m->count += 1;
    return header;
}

/* Eight zero bytes follow every command: aic100-device.md 4.13, length quirk. */
void add_command(struct message* m, const void* command, size_t bytes)
{
    struct qaic_manage_trans_passthrough* t =
        add_transaction(m, QAIC_TRANS_PASSTHROUGH_FROM_USR, (uint32_t)(sizeof(t->hdr) + bytes + 8));
    memcpy(t->data, command, bytes);
}

int manage(int card, struct message* m)
{
    struct qaic_manage_msg ioctl_message = {m->length, m->count, (uintptr_t)m->bytes};
    const int result = call(card, DRM_IOCTL_QAIC_MANAGE, &ioctl_message);
    m->length = ioctl_message.len;
    m->count = ioctl_message.count;
    return result;
}

const void* transaction(const struct message* m, unsigned n, uint32_t type, uint32_t least)
{
    uint32_t at = 0;
    for (unsigned i = 0;; ++i) {
        const struct qaic_manage_trans_hdr* header = (const void*)(m->bytes + at);
        CHECK(at + sizeof(*header) <= m->length && header->len >= sizeof(*header) &&
                  header->len <= m->length - at,
              "the reply of %u bytes holds no transaction %u", m->length, n);
        if (i == n) {
            CHECK(header->type == type && header->len >= least,
                  "transaction %u: type %u, %u bytes; expected type %u, %u", n, header->type, header->len,
                  type, least);
            return header;
        }
        at += header->len;
    }
}
