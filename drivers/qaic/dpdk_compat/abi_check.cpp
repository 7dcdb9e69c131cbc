// SPDX-License-Identifier: BSD-3-Clause
// Prints sizes and offsets of the driver ABI as dpdk.hpp declares it. The list beside (abi.txt) was the same
// with the real SDK headers of DPDK 24.11 and 25.11; the test compares, whichever headers this build found.
#include "qaic/dpdk_compat/dpdk.hpp"

#include <cstddef>
#include <cstdio>

template<class T>
static void print(const char* name, std::size_t place)
{
    // NOLINTNEXTLINE(bugprone-sizeof-expression): the size of a field that is a pointer is what is asked here
    std::printf("%s %zu %zu\n", name, place, sizeof(T));
}

#define SIZE(type) std::printf(#type " %zu %zu\n", sizeof(type), alignof(type))
#define FIELD(type, field) print<decltype(type::field)>(#type "." #field, offsetof(type, field))

static void eal_structs()
{
    SIZE(rte_driver);
    FIELD(rte_driver, name);
    FIELD(rte_driver, alias);
    SIZE(rte_device);
    FIELD(rte_device, name);
    FIELD(rte_device, bus_info);
    FIELD(rte_device, driver);
    FIELD(rte_device, bus);
    FIELD(rte_device, numa_node);
    FIELD(rte_device, devargs);
}

static void pci_structs()
{
    SIZE(rte_pci_device);
    FIELD(rte_pci_device, device);
    FIELD(rte_pci_device, addr);
    FIELD(rte_pci_device, id);
    FIELD(rte_pci_device, mem_resource);
    FIELD(rte_pci_device, intr_handle);
    FIELD(rte_pci_device, driver);
    FIELD(rte_pci_device, max_vfs);
    FIELD(rte_pci_device, kdrv);
    FIELD(rte_pci_device, name);
    FIELD(rte_pci_device, bus_info);
    FIELD(rte_pci_device, vfio_req_intr_handle);
    SIZE(rte_pci_driver);
    FIELD(rte_pci_driver, driver);
    FIELD(rte_pci_driver, probe);
    FIELD(rte_pci_driver, remove);
    FIELD(rte_pci_driver, dma_map);
    FIELD(rte_pci_driver, dma_unmap);
    FIELD(rte_pci_driver, id_table);
    FIELD(rte_pci_driver, drv_flags);
}

static void vdev_structs()
{
    SIZE(rte_vdev_device);
    FIELD(rte_vdev_device, device);
    SIZE(rte_vdev_driver);
    FIELD(rte_vdev_driver, driver);
    FIELD(rte_vdev_driver, probe);
    FIELD(rte_vdev_driver, remove);
    FIELD(rte_vdev_driver, dma_map);
    FIELD(rte_vdev_driver, dma_unmap);
    FIELD(rte_vdev_driver, drv_flags);
}

static void mldev_structs()
{
    SIZE(rte_ml_dev_ops);
    FIELD(rte_ml_dev_ops, dev_queue_pair_setup);
    FIELD(rte_ml_dev_ops, dev_xstats_names_get);
    FIELD(rte_ml_dev_ops, dev_dump);
    FIELD(rte_ml_dev_ops, model_load);
    FIELD(rte_ml_dev_ops, model_params_update);
    FIELD(rte_ml_dev_ops, io_quantize);
    FIELD(rte_ml_dev_ops, io_dequantize);
    SIZE(rte_ml_dev_data);
    FIELD(rte_ml_dev_data, dev_id);
    FIELD(rte_ml_dev_data, socket_id);
    FIELD(rte_ml_dev_data, nb_queue_pairs);
    FIELD(rte_ml_dev_data, nb_models);
    FIELD(rte_ml_dev_data, queue_pairs);
    FIELD(rte_ml_dev_data, models);
    FIELD(rte_ml_dev_data, dev_private);
    FIELD(rte_ml_dev_data, name);
    SIZE(rte_ml_dev);
    FIELD(rte_ml_dev, enqueue_burst);
    FIELD(rte_ml_dev, dequeue_burst);
    FIELD(rte_ml_dev, op_error_get);
    FIELD(rte_ml_dev, data);
    FIELD(rte_ml_dev, dev_ops);
    FIELD(rte_ml_dev, device);
    SIZE(rte_ml_dev_pmd_init_params);
    FIELD(rte_ml_dev_pmd_init_params, private_data_size);
    SIZE(rte_ml_op);
    SIZE(rte_ml_model_info);
    SIZE(rte_ml_io_info);
    SIZE(rte_ml_dev_info);
}

int main()
{
    eal_structs();
    pci_structs();
    vdev_structs();
    mldev_structs();
}
