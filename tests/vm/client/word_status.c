/* SPDX-License-Identifier: BSD-3-Clause */
/* What MANAGE offers beside programs: the status transaction, the firmware's status, and a part of the card
 * set apart. */
#include "client.h"

#include <drm/qaic_accel.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct group {
    uint32_t type, process;
    int32_t source;
    uint32_t nsps, mcids, semaphores, channels, pad;
    uint64_t shared_ddr, l2, memory;
    uint16_t networks, pad1[3];
};
struct resources {
    uint32_t dram_mib, dram_free_mib, fragmentation;
    uint8_t channels, channels_free, nsps, nsps_free;
};

static void status_transaction(int card)
{
    struct message m;
    start_message(&m);
    add_transaction(&m, QAIC_TRANS_STATUS_FROM_USR, 8);
    const int result = manage(card, &m);
    CHECK(result == 0, "STATUS: %s", strerror(-result));
    const struct qaic_manage_trans_status_from_dev* s =
        transaction(&m, 0, QAIC_TRANS_STATUS_FROM_DEV, sizeof(*s));
    CHECK(s->major == 5 && s->minor == 0 && s->status == 0, "STATUS: %u.%u, status %u", s->major, s->minor,
          s->status);
    printf("protocol %u.%u, flags 0x%llx\n", s->major, s->minor, (unsigned long long)s->status_flags);
}

/* Reply to a passthrough of our own; `least` counts the transaction's header. */
static const void* ask(int card, struct message* m, const void* command, size_t bytes, uint32_t least)
{
    start_message(m);
    add_command(m, command, bytes);
    const int result = manage(card, m);
    CHECK(result == 0, "command %u: %s", *(const uint32_t*)command, strerror(-result));
    return (const unsigned char*)transaction(m, 0, QAIC_TRANS_PASSTHROUGH_FROM_DEV, least) + 8;
}

static void firmware_status(int card)
{
    const uint32_t command[2] = {13, 0};
    struct message m;
    const unsigned char* reply = ask(card, &m, command, sizeof(command), 8 + 504);
    uint32_t word[2];
    uint16_t version[4];
    memcpy(word, reply, sizeof(word));
    memcpy(version, reply + 8 + 0x10a, sizeof(version));
    CHECK(word[0] == 14 && word[1] == 0, "firmware status: answer %u, status %u", word[0], word[1]);
    CHECK(version[0] == 1 && version[1] == 0 && version[2] == 17, "metadata %u.%u, commands %u.%u",
          version[0], version[1], version[2], version[3]);
    printf("firmware %s, metadata %u.%u, commands %u.%u, serial %s\n", reply + 8 + 0x0c, version[0],
           version[1], version[2], version[3], reply + 8 + 0x6c);
}

static struct resources resources_of(int card, int32_t group)
{
    const struct {
        uint32_t type, process;
        int32_t group;
        uint32_t pad;
    } command = {32, 0, group, 0};
    struct message m;
    const unsigned char* reply = ask(card, &m, &command, sizeof(command), 8 + 56);
    int32_t status;
    struct resources r;
    memcpy(&status, reply + 0x30, sizeof(status));
    memcpy(&r, reply + 8, sizeof(r));
    CHECK(status == 0, "resources of group %d: status %d", group, status);
    return r;
}

/* A partition as the runtime makes one: a resource group. The kernel has no call for validating it (4.10). */
static void partition(int card)
{
    const struct group create = {
        .type = 28, .source = -1, .nsps = 4, .mcids = 8, .semaphores = 32, .channels = 2, .networks = 2};
    struct message m;
    int32_t answer[3];
    memcpy(answer, ask(card, &m, &create, sizeof(create), 8 + 16), sizeof(answer));
    CHECK(answer[0] == 29 && answer[1] == 0, "resource group: answer %d, status %d", answer[0], answer[1]);
    const int32_t group = answer[2];
    const struct resources in_group = resources_of(card, group), left = resources_of(card, -1);
    CHECK(in_group.nsps == 4 && in_group.channels == 2, "group %d holds %u NSPs, %u channels", group,
          in_group.nsps, in_group.channels);
    const uint32_t release[2] = {30, (uint32_t)group};
    memcpy(answer, ask(card, &m, release, sizeof(release), 8 + 8), 8);
    CHECK(answer[0] == 31 && answer[1] == 0, "release: answer %d, status %d", answer[0], answer[1]);
    const struct resources whole = resources_of(card, -1);
    CHECK(whole.nsps_free == left.nsps_free + 4, "free NSPs: %u with the group, %u without", left.nsps_free,
          whole.nsps_free);

    start_message(&m);
    add_transaction(&m, QAIC_TRANS_VALIDATE_PARTITION_TO_DEV, 16);
    const int result = manage(card, &m);
    CHECK(result == -EINVAL, "a user's VALIDATE_PARTITION: %d, expected EINVAL", result);
    printf("partition of %u NSPs and %u channels made and released; %u NSPs, %u channels free\n",
           in_group.nsps, in_group.channels, whole.nsps_free, whole.channels_free);
}

int word_status(int argc, char** argv)
{
    (void)argc, (void)argv;
    const int card = open_card();
    status_transaction(card);
    firmware_status(card);
    partition(card);
    return 0;
}
