/* SPDX-License-Identifier: BSD-3-Clause
 * What a host-native NSP program meets: its execution context (major version 0x8005), the uDMA descriptor and
 * the semaphore descriptor. The order of the fields is that of the vendor's version 5 context
 * (aic100-workload.md 7.2); pointers have 64 bits, and the functions after utc_offset stand for instructions
 * that x86-64 has not. A program is an x86-64 shared object that exports `_qaic_start`; it runs in a process
 * of its own, once per NSP with data of its own, on one POSIX thread per thread descriptor.
 *
 * Thread rules: services may be called from the threads the card started, and from no other. */
#ifndef QAIC_NSP_H
#define QAIC_NSP_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
/* NOLINTBEGIN(modernize-use-using): C */

#define QAIC_NSP_CONTEXT_MAJOR 0x8005u
#define QAIC_NSP_CONTEXT_MINOR 0u
#define QAIC_NSP_EXIT_OFFSET 0x460u /* L2TCM: byte 1 asks the program to leave */

enum { QAIC_NSP_FATAL = 1, QAIC_NSP_ERROR = 2, QAIC_NSP_WARN = 4, QAIC_NSP_INFO = 8, QAIC_NSP_DEBUG = 16 };
enum { QAIC_NSP_MAP_CONSTANTS = 0, QAIC_NSP_MAP_DDR = 1, QAIC_NSP_MAP_MULTICAST = 2 };

/* One 32-bit store to `address` is one command: value [11:0], number [20:16], operation [26:24] (1 INIT, 2
 * INC, 3 DEC). The word reads 0 again once the card has taken it; a second store before that replaces the
 * first, as the public runtime never does (it waits for a doorbell in between). */
typedef struct qaic_nsp_semaphore {
    volatile uint32_t* address;
    uint16_t number; /* to put in the command */
} qaic_nsp_semaphore;

/* Linear descriptor. The first two words are the card's; next is an L2TCM offset, 0 ends the chain. */
typedef struct qaic_nsp_udma {
    uint32_t next;
    uint32_t control; /* [23:0] bytes, 31 done */
    uint64_t source, destination;
} qaic_nsp_udma;
#define QAIC_NSP_UDMA_DONE 0x80000000u
#define QAIC_NSP_UDMA_LENGTH 0x00ffffffu

typedef struct qaic_nsp_fatal_site {
    const char* file;
    uint32_t line;
    const char* format; /* with at most three u32 arguments */
} qaic_nsp_fatal_site;

typedef struct qaic_nsp_context {
    uint16_t major, minor;
    uint8_t nsp; /* virtual id: 0 .. NSPs of the program - 1 */
    uint8_t *l2tcm, *vtcm;
    const uint8_t* constants;     /* static constants mapped to this NSP, or NULL */
    uint8_t* ddr;                 /* shared by all NSPs; static part */
    uint8_t* l2_cached_ddr;       /* private, may be NULL */
    const uint64_t* send_windows; /* address per multicast id; for uDMA only, a plain access faults */
    uint64_t start_time;          /* utimer() when the program began */
    void (*log)(uint32_t mask, uint32_t arguments, const char* format, ...);
    void (*exit)(void); /* ends the calling thread */
    void (*set_pmu)(int number, uint32_t value);
    void (*fatal)(const qaic_nsp_fatal_site* site, uint32_t a, uint32_t b, uint32_t c);
    void (*notify_hang)(void);
    void (*read_udma)(uint32_t number, uint32_t* value); /* DM0 .. DM5 */
    int (*map)(void** address, uint64_t offset, uint32_t bytes, uint32_t kind, uint32_t* node);
    int (*unmap)(uint32_t node);
    volatile uint32_t* trace_port; /* NULL */
    void (*read_pmu)(uint32_t values[8]);
    volatile uint32_t* ddr_bandwidth;     /* NULL */
    const qaic_nsp_semaphore* semaphores; /* 32 */
    void* heap;
    uint64_t heap_bytes;
    /* Send and receive side of a dynamic multicast id that the host does not write to: 0, otherwise -1.
     * `base` all ones leaves it; `mask` 0 means the receiver's side. */
    int (*reprogram_mcid)(uint16_t mcid, uint64_t base, uint32_t mask, uint32_t space);
    /* For other kinds of programs; all fail. */
    void* (*dlopen)(const char* name, int flags);
    void* (*dlopenbuf)(const char* name, const char* buffer, int bytes, int flags);
    int (*dlclose)(void* handle);
    void* (*dlsym)(void* handle, const char* name);
    int (*dladdr)(const void* address, void* info);
    char* (*dlerror)(void);
    int (*dlinfo)(void* handle, int request, void* out);
    const uint64_t* utc_offset; /* microseconds; 0 when the host has told no time */

    /* ---- instead of instructions */
    /* dmlink: carries out a chain of descriptors that lie in L2TCM; returns when all are done, or at the
     * first bad one (DM0 then shows the error state, that descriptor stays not done). */
    void (*udma_link)(qaic_nsp_udma* first);
    /* pause: returns when something was written to this program's L2TCM or VTCM from outside since this
     * thread called it last, or after a short while. Call it between two looks at a doorbell. */
    void (*pause)(void);
    /* Returns when the exit doorbell has been rung. */
    void (*wait_exit)(void);
    /* 19.2 MHz. */
    uint64_t (*utimer)(void);
} qaic_nsp_context;

/* What a program exports, under this name. */
void _qaic_start(const qaic_nsp_context* context, uint8_t thread, uint32_t software_thread);

/* NOLINTEND(modernize-use-using) */
#ifdef __cplusplus
}
#endif
#endif
