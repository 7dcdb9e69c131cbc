/* SPDX-License-Identifier: BSD-3-Clause */
/* What a stage of a pipeline is to the engine: a table of functions. The stages shipped and a user's own (a
 * shared object for `qaic-pipe --plugin`) are the same thing. C, so that any compiler can make one.
 * docs/pipelines.md
 *
 * Items are mbufs with a struct qaic_pipe_item in their private area. A packet lies where mbufs have it; a
 * tensor lies anywhere in the mbuf's buffer, at tensor_off from buf_addr, and a stage that makes a new one
 * puts it at free_off.
 *
 * Threads: create, room, start, reload, finish and destroy are called by a control thread, one at a time;
 * run, poll, ready, held and drain by the stage's lcore, which nothing may block; reload while the lcore goes
 * on. finish and destroy come when the lcore has left, which the control thread stands in for from then on.
 * counts is called by any thread, also by several at once, while the lcore counts. */
#ifndef QAIC_PIPE_STAGE_H
#define QAIC_PIPE_STAGE_H
#include <rte_mbuf.h>
#include <stddef.h>
#include <stdint.h>

/* NOLINTBEGIN(modernize-use-nullptr): C has none */
#ifdef __cplusplus
extern "C" {
#endif

#define QAIC_PIPE_ABI 1u
#define QAIC_PIPE_NO_LABEL UINT32_MAX
#define QAIC_PIPE_MOST_REASONS 8u /* of a stage's own to drop an item */

/* An item's own data: one cache line. */
struct qaic_pipe_item {
    uint64_t seq;          /* its number from its source, from 0 */
    uint64_t born;         /* TSC when its source took it */
    uint64_t entered;      /* the engine's */
    uint64_t captured_ns;  /* a packet's time of capture since 1970; 0: none */
    uint32_t tensor_off;   /* bytes from buf_addr */
    uint32_t tensor_bytes; /* 0: no tensor */
    uint32_t free_off;     /* nothing lies from here up to room */
    uint32_t room;         /* bytes of the whole buffer (buf_len cannot say more than 65535) */
    uint32_t label;        /* a class, or QAIC_PIPE_NO_LABEL */
    float score;           /* of the label */
    uint32_t order;        /* the engine's */
    uint16_t weight;       /* items it stands for: 1, or those of a batch */
    uint16_t source;       /* which source, in the order of the file */
};

static inline struct qaic_pipe_item* qaic_pipe_item_of(struct rte_mbuf* m)
{
    return (struct qaic_pipe_item*)rte_mbuf_to_priv(m);
}

static inline void* qaic_pipe_tensor(struct rte_mbuf* m)
{
    return (char*)m->buf_addr + qaic_pipe_item_of(m)->tensor_off;
}

/* Room for a new tensor, 64-byte aligned; the item points at it from then on, and at nothing else. NULL: it
 * does not fit; the item is unchanged. The old tensor's bytes stay where they are. */
static inline void* qaic_pipe_new_tensor(struct rte_mbuf* m, uint32_t bytes)
{
    struct qaic_pipe_item* const item = qaic_pipe_item_of(m);
    const uint64_t at = ((uint64_t)item->free_off + 63u) & ~(uint64_t)63u;
    if (at + bytes > item->room) return NULL;
    item->tensor_off = (uint32_t)at;
    item->tensor_bytes = bytes;
    item->free_off = (uint32_t)at + bytes;
    return (char*)m->buf_addr + at;
}

enum qaic_pipe_role { QAIC_PIPE_SOURCE, QAIC_PIPE_SHAPE, QAIC_PIPE_SINK };

/* What run and poll say of an item. */
enum {
    QAIC_PIPE_PASS = 0, /* goes on; at a sink: has gone out, the engine frees it */
    QAIC_PIPE_DROP = 1, /* and up: dropped for the stage's reason [verdict - 1]; the engine frees it */
    QAIC_PIPE_TAKEN =
        0xff, /* the stage has it: comes back by poll; at a sink: has gone out and is freed by the stage */
};
#define QAIC_PIPE_END 0xffffu /* a source's run: nothing will ever come again */

enum qaic_pipe_type { QAIC_PIPE_BOOL, QAIC_PIPE_INTEGER, QAIC_PIPE_REAL, QAIC_PIPE_TEXT };
struct qaic_pipe_option {
    const char* name;
    const char* place; /* "file:line:column", for errors */
    enum qaic_pipe_type type;
    int64_t integer; /* BOOL: 0 or 1 */
    double real;     /* also of an INTEGER */
    const char* text;
};

struct qaic_pipe_setup {
    const char* stage;  /* its name in the file */
    const char* place;  /* "file:line:column" of its table */
    const char* folder; /* the file's: what relative paths in options start from */
    unsigned replica, replicas;
    unsigned batch;          /* items at once at most */
    uint64_t batch_wait_tsc; /* 0: does not wait */
    uint64_t tsc_hz;
    int numa; /* of the lcore; -1: any */
    struct rte_mempool*
        pool; /* new items come from here; NULL when only checked: create, room, ready, destroy */
    const struct qaic_pipe_option* options;
    unsigned n_options;
};

struct qaic_pipe_count {
    const char* name; /* a-z, 0-9 and _ ; as long as the stage lives */
    uint64_t value;
};

/* Flags of a kind. REGROUPS: gives other items back than it took (a batch); waits batch_wait_tsc by itself.
 */
#define QAIC_PIPE_REGROUPS 1u

/* A kind of stage. Static: it must outlive the process's pipelines. */
struct qaic_pipe_stage {
    uint32_t abi;     /* QAIC_PIPE_ABI */
    uint32_t flags;   /* QAIC_PIPE_REGROUPS or 0 */
    const char* kind; /* 1 to 40 of a-z, 0-9, - and _ */
    enum qaic_pipe_role role;
    const char* const* options; /* names, ended by NULL; NULL: none */
    const char* const*
        drop_reasons; /* at most QAIC_PIPE_MOST_REASONS of a-z and _, ended by NULL; NULL: none */
    /* NULL: cannot; then `error` holds one line (what, limit, remedy; the engine puts the place in front). */
    void* (*create)(const struct qaic_pipe_setup* setup, char* error, size_t error_bytes);
    /* Bytes of an item's buffer it fills besides what is there: a source's largest item, the room of a new
     * tensor (with 63 for its alignment). NULL: none. */
    uint32_t (*room)(const void* self);
    /* Once, after create of all stages of the pipeline: what needs the others to be there (a port or a card
     * that several use). 0, or a negative errno with one line in `error`. NULL: nothing. */
    int (*start)(void* self, char* error, size_t error_bytes);
    /* A source: puts at most n new items into `items`, returns how many (0: none now) or QAIC_PIPE_END; seq,
     * born and source are filled by the engine, the rest by the stage (items from qaic_pipe_new_item).
     * Others: looks at n items, says of each in verdict[i] (all 0 before); the returned number is not looked
     * at. */
    uint16_t (*run)(void* self, struct rte_mbuf** items, uint16_t n, uint8_t* verdict);
    /* Only of stages that keep items: gives back at most n, with verdicts. NULL: keeps none. */
    uint16_t (*poll)(void* self, struct rte_mbuf** items, uint16_t n, uint8_t* verdict);
    uint32_t (*ready)(void* self); /* with poll: how many items it could take now */
    uint32_t (*held)(void* self);  /* with poll: sum of the weights it keeps */
    /* The stream has ended and held is 0 or must become so: whatever waits for more (part of a batch) is to
     * come by poll from now on. With poll: called by the lcore, may be called again. */
    void (*drain)(void* self);
    /* After the last call of run: write out what is buffered. 0, or a negative errno, with one line in
     * `error`. */
    int (*finish)(void* self, char* error, size_t error_bytes);
    /* SIGHUP: read again what was read (a model), without losing an item. As finish; NULL: nothing to read
     * again. */
    int (*reload)(void* self, char* error, size_t error_bytes);
    /* Its own counters, by any thread while it runs: at most `room`, returns how many. Names differ. NULL:
     * none. */
    uint32_t (*counts)(void* self, struct qaic_pipe_count* out, uint32_t room);
    void (*destroy)(void* self);
};

/* Makes a kind known; from a constructor of the shared object, or before any pipeline is read. 0, or -EEXIST
 * (name is taken), -EINVAL (abi, name, missing function). */
int qaic_pipe_register(const struct qaic_pipe_stage* stage);

/* As the engine makes them: an item of `pool` without packet or tensor. NULL: none left. */
static inline struct rte_mbuf* qaic_pipe_new_item(struct rte_mempool* pool)
{
    struct rte_mbuf* const m = rte_pktmbuf_alloc(pool);
    if (m == NULL) return NULL;
    struct qaic_pipe_item* const item = qaic_pipe_item_of(m);
    item->entered = 0;
    item->captured_ns = 0;
    item->tensor_off = item->tensor_bytes = 0;
    item->free_off = m->data_off;
    item->label = QAIC_PIPE_NO_LABEL;
    item->score = 0;
    item->weight = 1;
    return m; /* room was set when the pool was made */
}

#define QAIC_PIPE_REGISTER(stage)                                                                            \
    static void __attribute__((constructor, used)) qaic_pipe_register_##stage(void)                          \
    {                                                                                                        \
        (void)qaic_pipe_register(&stage);                                                                    \
    }

#ifdef __cplusplus
}
#endif
/* NOLINTEND(modernize-use-nullptr) */
#endif
