/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small user of Linux's qaic driver: what its public header offers, and no more. It runs in the guest,
 * alone, and ends at the first thing that is not as it should be: there is nothing to clean up that the
 * kernel must not be able to clean up itself.
 */
#ifndef CLIENT_H
#define CLIENT_H
#include <stddef.h>
#include <stdint.h>

struct qaic_attach_slice_entry;

/* ---- device.c: the node, and calls counted */
#define FAIL(...) fail_at(__FILE__, __LINE__, __VA_ARGS__)
#define CHECK(condition, ...) ((condition) ? (void)0 : FAIL(__VA_ARGS__))
void fail_at(const char* file, int line, const char* format, ...)
    __attribute__((noreturn, format(printf, 3, 4)));
int open_card(void);
/* Repeats on a signal and while the ring is full; the result is 0 or -errno. */
int call(int card, unsigned long request, void* argument);
extern unsigned long calls; /* ioctls made so far */
double seconds(void);
void sleep_ms(unsigned milliseconds);

/* ---- manage.c: messages to the management firmware */
#define MESSAGE_MAX 4096
struct message {
    uint32_t length, count;
    unsigned char bytes[MESSAGE_MAX];
};
void start_message(struct message* m);
void* add_transaction(struct message* m, uint32_t type, uint32_t length);
void add_command(struct message* m, const void* command, size_t bytes);
/* 0 or -errno; the reply takes the place of the message. */
int manage(int card, struct message* m);
/* The n-th transaction of a reply, which must have this type and at least this length. */
const void* transaction(const struct message* m, unsigned n, uint32_t type, uint32_t least);

/* ---- plan.c: a program and its transfers, written by load_plan.py */
struct semaphore {
    unsigned value, index, presync, command, flags;
};
enum space { SPACE_MULTICAST = 0, SPACE_DDR = 1, SPACE_DYNAMIC_DDR = 2 };
struct transfer {
    unsigned buffer, from_card, space, mcid, size, doorbell_bits, doorbell_mcid, doorbell_data;
    unsigned long long host_offset, device_offset, doorbell_offset;
    struct semaphore semaphore[4];
};
struct buffer_plan {
    unsigned long long bytes;
    unsigned from_card;
};
#define PLAN_BUFFERS 8
#define PLAN_TRANSFERS 32
struct plan {
    char name[64];
    unsigned long long static_bytes, dynamic_bytes;
    unsigned static_ecc, dynamic_ecc, buffers, transfers;
    struct buffer_plan buffer[PLAN_BUFFERS];
    struct transfer transfer[PLAN_TRANSFERS];
    void *elf, *constants;
    size_t elf_bytes, constants_bytes;
};
void read_plan(const char* folder, struct plan* p);
void* read_whole(const char* path, size_t* bytes);

/* ---- program.c: from a plan to an activated program */
struct program {
    const struct plan* plan;
    uint32_t constants, elf, activation, dbc;
    uint64_t ddr, dynamic_ddr, multicast;
};
void load_program(int card, const struct plan* plan, struct program* p);
/* 0, or the firmware's refusal (< 0). */
int activate_program(int card, struct program* p, unsigned elements);
void deactivate_program(int card, struct program* p);
void unload_program(int card, struct program* p);
/* Slice entry of transfer t, its host bytes at `offset` of the buffer object. */
void fill_slice(const struct program* p, const struct transfer* t, uint64_t offset,
                struct qaic_attach_slice_entry* slice);

/* ---- buffers.c: buffer objects */
struct bo {
    uint32_t handle, dbc, direction;
    uint64_t bytes;
    unsigned char* at;
};
void create_bo(int card, uint64_t bytes, struct bo* bo);
void free_bo(int card, struct bo* bo);
int attach_slices(int card, struct bo* bo, uint32_t dbc, unsigned from_card,
                  struct qaic_attach_slice_entry* slices, unsigned count);
int detach_slices(int card, const struct bo* bo);
int execute(int card, uint32_t dbc, const struct bo* const* bos, unsigned count);
/* resize[i]: bytes of bo i to move. */
int partial_execute(int card, uint32_t dbc, const struct bo* const* bos, const uint64_t* resize,
                    unsigned count);
int wait_bo(int card, const struct bo* bo, unsigned milliseconds);

/* One inference's worth of buffer objects, `copies` of it in each object: slice k of an object belongs to
 * inference k. */
struct set {
    unsigned copies;
    struct bo bo[PLAN_BUFFERS];
};
void make_set(int card, const struct program* p, unsigned copies, struct set* s);
void free_set(int card, const struct program* p, struct set* s);

/* ---- the words of the command line */
int word_status(int argc, char** argv);
int word_calls(int argc, char** argv);
int word_run(int argc, char** argv);
int word_echo(int argc, char** argv);
int word_sixteen(int argc, char** argv);
int word_bench(int argc, char** argv);
int word_loop(int argc, char** argv);
int word_kill(int argc, char** argv);
int word_ask(int argc, char** argv);
int word_nsp(int argc, char** argv);
#endif
