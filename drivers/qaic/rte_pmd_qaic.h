/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Native API of librte_ml_qaic.so, control part: what rte_mldev has no words for. The data path is in
 * rte_pmd_qaic_dp.h. Plain C11; needs no other header of DPDK. Link with the plugin, or look the names up
 * with dlsym(): an application that does not know the driver needs none of this.
 *
 * Devices are named by the dev_id of rte_mldev. Every function returns 0 (or a count, where it says so), or a
 * negative errno; each error is logged in one line as pmd.ml.qaic:
 *   -EINVAL    no device of this driver, no such model, a value out of range, a NULL pointer
 *   -ENOTSUP   the card or this device cannot; the device is closed
 *   -EBUSY     a control call or a recovery holds the device, or what is asked for is in use: ask again
 *   -ETIMEDOUT, -EPROTO, -EIO, -ECONNRESET, -ENODEV, -ESHUTDOWN    the card: late, wrong, reset, gone, failed
 *
 * Threads: as rte_mldev's control calls, one at a time per device and never beside the device's removal;
 * those marked [any thread] may be called from any thread at any time but an event callback's device removal.
 * None may be called from a thread that must not wait: they take the device's control lock, at most
 * RTE_PMD_QAIC_LOCK_MS unless they say more. Not in secondary processes.
 *
 * Structures only grow at their end; `size` says which one the caller knows.
 */
#ifndef RTE_PMD_QAIC_H
#define RTE_PMD_QAIC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RTE_PMD_QAIC_API_VERSION 1
#define RTE_PMD_QAIC_LOCK_MS 500
#define RTE_PMD_QAIC_DBCS 16 /**< DMA-Bridge channels of a card */
#define RTE_PMD_QAIC_NONE UINT16_MAX

/* ---- card ---- */

/** What may be reserved on a card: all of it, or what is free right now. */
struct rte_pmd_qaic_resources {
    uint32_t dram_mib, dram_free_mib, dram_fragmentation_percent;
    uint16_t nsps, nsps_free; /**< AI cores */
    uint16_t dbcs, dbcs_free; /**< DMA-Bridge channels: one for each activation */
    uint32_t multicast_ids, multicast_ids_free;
    uint32_t semaphores, semaphores_free;
};

/** Who the card is; as it said when it was booted. Texts are printable and end with a NUL. */
struct rte_pmd_qaic_card_info {
    uint32_t size;         /**< in: sizeof(struct rte_pmd_qaic_card_info) */
    uint32_t hw_version;   /**< 0x00020000 = 2.0 */
    uint8_t fw_version[4]; /**< major, minor, patch, build of the management firmware */
    uint8_t sku;           /**< 1 M.2, 2 PCIe, 3 PCIe Pro, 4 PCIe Lite, 5 PCIe Ultra, ... */
    uint8_t reset_needed;  /**< 1: pages wait for a reset to be retired */
    uint8_t reserved[2];
    uint32_t retired_pages;
    char serial[17], board_serial[33], fw_image[39], sbl_image[25];
    char found_in[32];                 /**< execution environment at attach: "PBL", "AMSS" ... */
    uint64_t defective_nsps;           /**< bit n: NSP n is switched off */
    uint64_t nsp_hz, ddr_hz, peak_ops; /**< clocks in Hz, operations a second; 0 = not told */
    uint64_t boot_us;                  /**< attach to ready, microseconds */
    struct rte_pmd_qaic_resources resources;
};
/** [any thread] */
int rte_pmd_qaic_card_info_get(int16_t dev_id, struct rte_pmd_qaic_card_info* info);

/** Asks the card what is free now. May wait for its answer up to the control protocol's limit, 60 s. */
int rte_pmd_qaic_resources_get(int16_t dev_id, struct rte_pmd_qaic_resources* resources);

/** docs/mldevs/qaic.rst says what leads from one to another. */
enum rte_pmd_qaic_state {
    RTE_PMD_QAIC_STATE_ATTACHED,
    RTE_PMD_QAIC_STATE_BOOTING,
    RTE_PMD_QAIC_STATE_ONLINE,
    RTE_PMD_QAIC_STATE_FAILED,    /**< until the device is closed */
    RTE_PMD_QAIC_STATE_REMOVED,   /**< for good */
    RTE_PMD_QAIC_STATE_DEGRADED,  /**< online, a DBC of a started model is out of use */
    RTE_PMD_QAIC_STATE_RECOVERING /**< lost, being brought back: enqueue takes nothing, dequeue gives back */
};
/** A name of the enumeration, "?" for another number. Never NULL. [any thread] */
const char* rte_pmd_qaic_state_name(int state);

/** How it fares. Counters only grow. */
struct rte_pmd_qaic_health {
    uint32_t size;            /**< in: sizeof(struct rte_pmd_qaic_health) */
    int32_t state;            /**< enum rte_pmd_qaic_state */
    uint16_t dbcs_in_use;     /**< bit n: DBC n runs a model of this device */
    uint16_t dbcs_out_of_use; /**< bit n: of those, faulted and not yet activated again */
    uint32_t models_loaded, models_started;
    uint32_t reserved;
    uint64_t faults, fences, reactivations, recovery_failures, card_losses, card_recoveries, lost_ops;
    uint64_t ssr_events; /**< restarts of a workload that the card told of */
    uint64_t errors_correctable, errors_uncorrectable, errors_uncorrectable_nonfatal; /**< RAS */
};
/** [any thread] */
int rte_pmd_qaic_health_get(int16_t dev_id, struct rte_pmd_qaic_health* health);

/** Numbers are those of the card's TELEMETRY channel. Degrees Celsius, watts, percent, seconds. */
enum rte_pmd_qaic_sensor {
    RTE_PMD_QAIC_SENSOR_SOC_TEMPERATURE = 0,
    RTE_PMD_QAIC_SENSOR_SOC_MAX_TEMPERATURE = 1,
    RTE_PMD_QAIC_SENSOR_BOARD_TEMPERATURE = 2,
    RTE_PMD_QAIC_SENSOR_BOARD_MAX_TEMPERATURE = 3,
    RTE_PMD_QAIC_SENSOR_DDR_TEMPERATURE = 4,
    RTE_PMD_QAIC_SENSOR_WARNING_TEMPERATURE = 5,
    RTE_PMD_QAIC_SENSOR_SHUTDOWN_TEMPERATURE = 6,
    RTE_PMD_QAIC_SENSOR_BOARD_TDP = 7,
    RTE_PMD_QAIC_SENSOR_BOARD_POWER = 8,
    RTE_PMD_QAIC_SENSOR_POWER_STATE = 9, /**< 1 full, 2 reduced, 3 minimal */
    RTE_PMD_QAIC_SENSOR_POWER_MAX = 10,
    RTE_PMD_QAIC_SENSOR_THROTTLE_PERCENT = 11,
    RTE_PMD_QAIC_SENSOR_THROTTLE_SECONDS = 12,
    RTE_PMD_QAIC_SENSOR_UPTIME_SECONDS = 13,
    RTE_PMD_QAIC_SENSOR_SOC_TDP = 25,
    RTE_PMD_QAIC_SENSOR_SOC_POWER = 26,
    RTE_PMD_QAIC_SENSOR_LAST = 26 /**< 14 to 24: aic100-device.md 6.3 */
};
/** One reading, held to what is physically possible. At most 1 s more than the lock. [any thread] */
int rte_pmd_qaic_sensor_get(int16_t dev_id, int sensor, int64_t* value);

/**
 * Writes what the card lets be written: WARNING_TEMPERATURE, SHUTDOWN_TEMPERATURE, BOARD_TDP and POWER_STATE
 * (1 full, 2 reduced, 3 minimal) of the enumeration, as far as its firmware does. -EPERM: it does not;
 * -EINVAL: not to this value; -ENOTSUP: it has no such quantity. At most 1 s more than the lock.
 */
int rte_pmd_qaic_sensor_set(int16_t dev_id, int sensor, int64_t value);

/**
 * Text the card printed while it booted last, as much as fits and a NUL. Returns the bytes of the whole text
 * with its NUL (more than `size`: it was cut); `text` may be NULL with size 0. [any thread]
 */
int rte_pmd_qaic_boot_log_get(int16_t dev_id, char* text, size_t size);

/**
 * Resets the card. When it returns, the card makes no DMA any more and every outstanding operation waits to
 * be dequeued with RTE_ML_OP_STATUS_ERROR (E_RESET). With devarg recovery=auto, the default, the card is then
 * booted in the background and started models run again: event RECOVERED; with recovery=off, or after 3
 * losses in 10 minutes, FAILED. -ESHUTDOWN unless it is online.
 */
int rte_pmd_qaic_reset(int16_t dev_id);

/* ---- events ---- */

enum rte_pmd_qaic_event_kind {
    RTE_PMD_QAIC_EVENT_RECOVERING, /**< value: driver's code that outstanding operations come back with */
    RTE_PMD_QAIC_EVENT_RECOVERED,  /**< value: milliseconds since RECOVERING */
    RTE_PMD_QAIC_EVENT_FAILED,     /**< value: recoveries that were tried */
    RTE_PMD_QAIC_EVENT_REMOVED,
    RTE_PMD_QAIC_EVENT_DBC_QUARANTINED, /**< dbc, model; value: guard that tripped (reliability.md 3) */
    RTE_PMD_QAIC_EVENT_DBC_RESTORED,    /**< dbc: the new one; model */
    RTE_PMD_QAIC_EVENT_SSR, /**< dbc, model; value: 2 before, 4 after shutdown, 8 before, 16 after power-up */
    RTE_PMD_QAIC_EVENT_RAS, /**< value: 0 corrected, 1 not, 2 not but not fatal; source: part of the card */
    RTE_PMD_QAIC_EVENT_TEMPERATURE, /**< value: degrees Celsius (int32_t); source: 0 lower, 1 upper, 2
                                         critical */
    RTE_PMD_QAIC_EVENT_CRASH_DUMP   /**< dbc, model; value: 0, and source is the file's number for
                                         rte_pmd_qaic_crash_dump_path_get(); else the driver's code why not */
};
struct rte_pmd_qaic_event {
    uint16_t kind;       /**< enum rte_pmd_qaic_event_kind; there may be more some day */
    uint16_t dbc, model; /**< or RTE_PMD_QAIC_NONE */
    uint16_t reserved;
    uint32_t value, source;
    uint64_t at_ns; /**< CLOCK_MONOTONIC */
};
/** `event` is valid during the call. */
/* NOLINTNEXTLINE(modernize-use-using): plain C */
typedef void (*rte_pmd_qaic_event_cb)(int16_t dev_id, const struct rte_pmd_qaic_event* event, void* arg);

/**
 * From now on `cb` is called once for each event, in order, from whichever control thread raised it, with no
 * lock of the driver held: it may call this API and rte_mldev's control calls, except to remove the device.
 * It should be short: others wait behind it, and one that is 64 events late loses the oldest. One callback
 * per device: -EBUSY when there is one. A device's removal takes it away.
 */
int rte_pmd_qaic_event_callback_register(int16_t dev_id, rte_pmd_qaic_event_cb cb, void* arg);
/** Returns when no call is running, unless it is called from one. -ENOENT when there is none. */
int rte_pmd_qaic_event_callback_unregister(int16_t dev_id);
/** The last events, oldest first, at most 64; whether there is a callback or not. Returns how many. [any
 * thread] */
int rte_pmd_qaic_events_get(int16_t dev_id, struct rte_pmd_qaic_event* events, uint16_t capacity);

/* ---- models ---- */

struct rte_pmd_qaic_model_info {
    uint32_t size;    /**< in: sizeof(struct rte_pmd_qaic_model_info) */
    uint16_t batches; /**< nb_batches of each of its operations: compiled into the program */
    uint16_t nsps;    /**< of one activation */
    uint64_t input_bytes, output_bytes; /**< of one operation, packed, in device types */
    uint8_t started;
    uint8_t activations;               /**< entries of dbc[] and usable[] */
    uint8_t dbc[RTE_PMD_QAIC_DBCS];    /**< DBC of each activation */
    uint8_t usable[RTE_PMD_QAIC_DBCS]; /**< 1: takes operations; 0: faulted, see events */
    uint8_t reserved[6];
    uint64_t submitted, finished, in_flight, errors, faults;
    uint8_t power[RTE_PMD_QAIC_DBCS]; /**< of each activation: enum rte_pmd_qaic_model_power */
};
/** [any thread] */
int rte_pmd_qaic_model_info_get(int16_t dev_id, uint16_t model_id, struct rte_pmd_qaic_model_info* info);

/**
 * How many activations the next rte_ml_model_start() of this model makes: 1..16, never more than there are
 * queue pairs; queue pair q feeds activation q mod count. 0 = devarg instances. Each takes a DBC and the
 * program's NSPs; start says -ENOSPC when the card has too few. -EBUSY while the model is started.
 */
int rte_pmd_qaic_model_instances_set(int16_t dev_id, uint16_t model_id, uint16_t count);

/**
 * Which activation each queue pair feeds at the next rte_ml_model_start() of this model: activation[q] for
 * queue pair q, 0 to 15, and there are as many activations as the highest one says. It goes before the count
 * above. n = 0: back to that. start says -EINVAL when a queue pair that is set up has no entry, or nobody
 * feeds an activation below the highest. -EBUSY while the model is started.
 */
int rte_pmd_qaic_model_spread_set(int16_t dev_id, uint16_t model_id, const uint8_t* activation, uint16_t n);

/** Of a started model's activations. What the card does with its clocks is the card's. */
enum rte_pmd_qaic_model_power {
    RTE_PMD_QAIC_MODEL_STANDBY = 0,  /**< holds its NSPs, does not compute */
    RTE_PMD_QAIC_MODEL_READY = 1,    /**< as rte_ml_model_start() leaves it */
    RTE_PMD_QAIC_MODEL_LOW_POWER = 2 /**< clocks down */
};
/**
 * -EBUSY while operations of the model are in flight. Until it is READY again nothing must be enqueued to it:
 * operations would wait for the card until their deadline. An activation made anew after a fault is READY.
 */
int rte_pmd_qaic_model_power_set(int16_t dev_id, uint16_t model_id, int power);

/* ---- partitions ---- */

#define RTE_PMD_QAIC_PARTITIONS 16

/**
 * A part of the card that is set apart: NSPs, DMA-Bridge channels, memory. What is loaded into it takes from
 * it alone, and nothing else does. (The card's resource groups, aic100-device.md 4.13.)
 */
struct rte_pmd_qaic_partition {
    uint32_t size;          /**< in: sizeof(struct rte_pmd_qaic_partition) */
    uint32_t nsps, dbcs;    /**< at least 1 each */
    uint32_t multicast_ids; /**< one for each activation of most programs */
    uint32_t semaphores;    /**< 32 for each channel */
    uint32_t networks;      /**< that may be loaded; up to 65535 */
    uint64_t dram_bytes;
};
/** Its number, 1 to RTE_PMD_QAIC_PARTITIONS. -ENOSPC: the card has too little of something left. */
int rte_pmd_qaic_partition_create(int16_t dev_id, const struct rte_pmd_qaic_partition* partition);
/** -EBUSY while models are loaded in it. */
int rte_pmd_qaic_partition_destroy(int16_t dev_id, uint16_t partition);
/** Numbers of those there are, ascending, at most `capacity` of them; returns how many there are. */
int rte_pmd_qaic_partitions_get(int16_t dev_id, uint16_t* partitions, uint16_t capacity);
/** Asks the card what is free in it now. As rte_pmd_qaic_resources_get(). */
int rte_pmd_qaic_partition_resources_get(int16_t dev_id, uint16_t partition,
                                         struct rte_pmd_qaic_resources* resources);
/**
 * Models loaded from now on go into this partition, and are activated in it; 0 = into what is in none, as at
 * first. The card is asked whether it may be used: -EPERM. Partitions outlive a reset of the card (the driver
 * makes them again) and end with the device.
 */
int rte_pmd_qaic_partition_use(int16_t dev_id, uint16_t partition);

/* ---- crash dumps ---- */

/**
 * What a workload's subsystem leaves behind when it is restarted (event SSR) is written to a new file in this
 * directory from now on, mode 0600: u64 magic 0x1234567890abcdef, u64 version 1, u64 bytes in all, u64 bytes
 * of the table; the table, 64 bytes a region: u64 preference, u64 address, u64 length, char[20] description,
 * char[20] file name; the regions back to back. Little-endian. Regions that do not fit into `bytes`, 64 KiB
 * to 1 GiB for the whole, are left out and have length 0 in the table. NULL: dumps are declined, as at first
 * without devarg crash_dump. At most 16 files. They hold model and user data.
 * Reading takes at most 10 s in the background; a card that does not keep to the protocol is reset, and event
 * CRASH_DUMP tells of either. -EINVAL: the directory cannot be written to. -E2BIG: there are 16 files.
 */
int rte_pmd_qaic_crash_dump_set(int16_t dev_id, const char* directory, uint64_t bytes);
/**
 * Path of the file that event CRASH_DUMP gave this number, with its NUL. Returns the bytes of it (more than
 * `size`: it was cut). -EINVAL: no such number. [any thread]
 */
int rte_pmd_qaic_crash_dump_path_get(int16_t dev_id, uint32_t number, char* path, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* RTE_PMD_QAIC_H */
