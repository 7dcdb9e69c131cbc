// SPDX-License-Identifier: BSD-3-Clause
// Declarations of DPDK's driver ABI for a DPDK packaged without -Denable_driver_sdk=true. Include dpdk.hpp
// instead.
//
// The layouts hold for DPDK 24.11 up to 26.03 and are declared for the two long-term versions that were
// compared with their real SDK headers (abi_check.cpp, 69 sizes and offsets): 24.11 and 25.11. From 26.07 the
// PCI, vdev and driver structs differ, so a version that was not compared is refused. The functions are
// exported by Debian's librte_eal, librte_bus_pci, librte_bus_vdev and librte_mldev in their INTERNAL version
// node.
#pragma once
#include <rte_version.h>
#if RTE_VERSION < RTE_VERSION_NUM(24, 11, 0, 0) || RTE_VERSION >= RTE_VERSION_NUM(26, 0, 0, 0)
#error                                                                                                       \
    "dpdk_sdk_compat.h knows the driver ABI of DPDK 24.11 and 25.11 only; use a DPDK with -Denable_driver_sdk=true"
#endif

#include <cstdint>
#include <cstdio>

#include <rte_bus_pci.h>
#include <rte_bus_vdev.h>
#include <rte_common.h>
#include <rte_compat.h>
#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_eal.h>
#include <rte_interrupts.h>
#include <rte_mldev.h>
#include <rte_os.h>
#include <rte_pci.h>

// The links of EAL's device and driver lists: two pointers that only EAL follows.
template<class T>
struct QaicDpdkLinks {
    T* tqe_next;
    T** tqe_prev;
};

extern "C" {

// EAL's device model
// ------------------------------------------------------------------------------------------

struct rte_driver {
    QaicDpdkLinks<rte_driver> next;
    const char* name;
    const char* alias;
};

struct rte_device {
    QaicDpdkLinks<rte_device> next;
    const char* name;
    const char* bus_info;
    const rte_driver* driver;
    const rte_bus* bus;
    int numa_node;
    rte_devargs* devargs;
};

// PCI bus
// -----------------------------------------------------------------------------------------------------

enum rte_pci_kernel_driver {
    RTE_PCI_KDRV_UNKNOWN,
    RTE_PCI_KDRV_IGB_UIO,
    RTE_PCI_KDRV_VFIO,
    RTE_PCI_KDRV_UIO_GENERIC,
    RTE_PCI_KDRV_NIC_UIO,
    RTE_PCI_KDRV_NONE,
    RTE_PCI_KDRV_NET_UIO,
};

struct rte_pci_driver;

struct rte_pci_device {
    QaicDpdkLinks<rte_pci_device> next;
    rte_device device;
    rte_pci_addr addr;
    rte_pci_id id;
    rte_mem_resource mem_resource[PCI_MAX_RESOURCE];
    rte_intr_handle* intr_handle;
    rte_pci_driver* driver;
    uint16_t max_vfs;
    rte_pci_kernel_driver kdrv;
    char name[PCI_PRI_STR_SIZE + 1];
    char* bus_info;
    rte_intr_handle* vfio_req_intr_handle;
};

struct rte_pci_driver {
    QaicDpdkLinks<rte_pci_driver> next;
    rte_driver driver;
    int (*probe)(rte_pci_driver*, rte_pci_device*);
    int (*remove)(rte_pci_device*);
    int (*dma_map)(rte_pci_device*, void* addr, uint64_t iova, size_t len);
    int (*dma_unmap)(rte_pci_device*, void* addr, uint64_t iova, size_t len);
    const rte_pci_id* id_table;
    uint32_t drv_flags;
};

#define RTE_PCI_DRV_NEED_MAPPING 0x0001
#define RTE_PCI_DRV_WC_ACTIVATE 0x0002
#define RTE_PCI_DRV_PROBE_AGAIN 0x0004
#define RTE_PCI_DRV_INTR_RMV 0x0010
#define RTE_PCI_DRV_NEED_IOVA_AS_VA 0x0040
// class, vendor, device, subsystem vendor, subsystem device: rte_pci_id in its order
#define RTE_PCI_DEVICE(vend, dev) RTE_CLASS_ANY_ID, (vend), (dev), RTE_PCI_ANY_ID, RTE_PCI_ANY_ID

__rte_internal void rte_pci_register(rte_pci_driver* driver);
__rte_internal void rte_pci_unregister(rte_pci_driver* driver);

// vdev bus
// ----------------------------------------------------------------------------------------------------

struct rte_vdev_device {
    QaicDpdkLinks<rte_vdev_device> next;
    rte_device device;
};

struct rte_vdev_driver {
    QaicDpdkLinks<rte_vdev_driver> next;
    rte_driver driver;
    int (*probe)(rte_vdev_device*);
    int (*remove)(rte_vdev_device*);
    int (*dma_map)(rte_vdev_device*, void* addr, uint64_t iova, size_t len);
    int (*dma_unmap)(rte_vdev_device*, void* addr, uint64_t iova, size_t len);
    uint32_t drv_flags;
};

#define RTE_VDEV_DRV_NEED_IOVA_AS_VA 0x0001

__rte_internal void rte_vdev_register(rte_vdev_driver* driver);
__rte_internal void rte_vdev_unregister(rte_vdev_driver* driver);

static inline const char* rte_vdev_device_name(const rte_vdev_device* dev)
{
    return dev ? dev->device.name : nullptr;
}

static inline const char* rte_vdev_device_args(const rte_vdev_device* dev)
{
    return dev && dev->device.devargs ? dev->device.devargs->args : "";
}

// mldev
// -------------------------------------------------------------------------------------------------------

struct rte_ml_dev;
using mldev_enqueue_t = uint16_t (*)(rte_ml_dev*, uint16_t qp_id, rte_ml_op** ops, uint16_t nb_ops);
using mldev_dequeue_t = uint16_t (*)(rte_ml_dev*, uint16_t qp_id, rte_ml_op** ops, uint16_t nb_ops);
using mldev_op_error_get_t = int (*)(rte_ml_dev*, rte_ml_op*, rte_ml_op_error*);

struct rte_ml_dev_ops {
    int (*dev_info_get)(rte_ml_dev*, rte_ml_dev_info*);
    int (*dev_configure)(rte_ml_dev*, const rte_ml_dev_config*);
    int (*dev_close)(rte_ml_dev*);
    int (*dev_start)(rte_ml_dev*);
    int (*dev_stop)(rte_ml_dev*);
    int (*dev_queue_pair_setup)(rte_ml_dev*, uint16_t qp_id, const rte_ml_dev_qp_conf*, int socket_id);
    int (*dev_queue_pair_release)(rte_ml_dev*, uint16_t qp_id);
    int (*dev_stats_get)(rte_ml_dev*, rte_ml_dev_stats*);
    void (*dev_stats_reset)(rte_ml_dev*);
    int (*dev_xstats_names_get)(rte_ml_dev*, rte_ml_dev_xstats_mode, int32_t model_id, rte_ml_dev_xstats_map*,
                                uint32_t size);
    int (*dev_xstats_by_name_get)(rte_ml_dev*, const char* name, uint16_t* stat_id, uint64_t* value);
    int (*dev_xstats_get)(rte_ml_dev*, rte_ml_dev_xstats_mode, int32_t model_id, const uint16_t* stat_ids,
                          uint64_t* values, uint16_t nb_ids);
    int (*dev_xstats_reset)(rte_ml_dev*, rte_ml_dev_xstats_mode, int32_t model_id, const uint16_t* stat_ids,
                            uint16_t nb_ids);
    int (*dev_dump)(rte_ml_dev*, FILE*);
    int (*dev_selftest)(rte_ml_dev*);
    int (*model_load)(rte_ml_dev*, rte_ml_model_params*, uint16_t* model_id);
    int (*model_unload)(rte_ml_dev*, uint16_t model_id);
    int (*model_start)(rte_ml_dev*, uint16_t model_id);
    int (*model_stop)(rte_ml_dev*, uint16_t model_id);
    int (*model_info_get)(rte_ml_dev*, uint16_t model_id, rte_ml_model_info*);
    int (*model_params_update)(rte_ml_dev*, uint16_t model_id, void* buffer);
    int (*io_quantize)(rte_ml_dev*, uint16_t model_id, rte_ml_buff_seg** dbuffer, rte_ml_buff_seg** qbuffer);
    int (*io_dequantize)(rte_ml_dev*, uint16_t model_id, rte_ml_buff_seg** qbuffer,
                         rte_ml_buff_seg** dbuffer);
};

struct rte_ml_dev_data {
    int16_t dev_id;
    int16_t socket_id;
    uint8_t dev_started : 1;
    uint16_t nb_queue_pairs;
    uint16_t nb_models;
    void** queue_pairs;
    void** models;
    void* dev_private;
    char name[RTE_ML_STR_MAX];
};

struct alignas(RTE_CACHE_LINE_SIZE) rte_ml_dev {
    mldev_enqueue_t enqueue_burst;
    mldev_dequeue_t dequeue_burst;
    mldev_op_error_get_t op_error_get;
    rte_ml_dev_data* data;
    rte_ml_dev_ops* dev_ops;
    rte_device* device;
    uint8_t attached : 1;
};

struct rte_ml_dev_pmd_init_params {
    uint8_t socket_id;
    uint64_t private_data_size;
};

__rte_internal rte_ml_dev* rte_ml_dev_pmd_get_dev(int16_t dev_id);
__rte_internal rte_ml_dev* rte_ml_dev_pmd_get_named_dev(const char* name);
__rte_internal rte_ml_dev* rte_ml_dev_pmd_allocate(const char* name, uint8_t socket_id);
__rte_internal int rte_ml_dev_pmd_release(rte_ml_dev* dev);
__rte_internal rte_ml_dev* rte_ml_dev_pmd_create(const char* name, rte_device* device,
                                                 rte_ml_dev_pmd_init_params* params);
__rte_internal int rte_ml_dev_pmd_destroy(rte_ml_dev* dev);

} // extern "C"

// Registration
// ------------------------------------------------------------------------------------------------

#define RTE_PMD_REGISTER_PCI(nm, drv)                                                                        \
    RTE_INIT(pciinitfn_##nm)                                                                                 \
    {                                                                                                        \
        (drv).driver.name = RTE_STR(nm);                                                                     \
        rte_pci_register(&(drv));                                                                            \
    }                                                                                                        \
    static_assert(true)
#define RTE_PMD_REGISTER_VDEV(nm, drv)                                                                       \
    RTE_INIT(vdrvinitfn_##drv)                                                                               \
    {                                                                                                        \
        (drv).driver.name = RTE_STR(nm);                                                                     \
        rte_vdev_register(&(drv));                                                                           \
    }                                                                                                        \
    static_assert(true)
// Their strings would have internal linkage in C++; the driver writes its PMD_INFO_STRING itself (guide
// section 2). 24.11 declares these three in the public rte_dev.h.
#undef RTE_PMD_REGISTER_PCI_TABLE
#undef RTE_PMD_REGISTER_PARAM_STRING
#undef RTE_PMD_REGISTER_KMOD_DEP
#define RTE_PMD_REGISTER_PCI_TABLE(nm, tbl) static_assert(true)
#define RTE_PMD_REGISTER_PARAM_STRING(nm, str) static_assert(true)
#define RTE_PMD_REGISTER_KMOD_DEP(nm, str) static_assert(true)
