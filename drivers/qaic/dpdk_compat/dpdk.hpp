// SPDX-License-Identifier: BSD-3-Clause
// The one way in this driver to DPDK's driver API: PCI bus, vdev bus, mldev.
//
// A DPDK built with -Denable_driver_sdk=true installs the headers of that API; Debian's is built without,
// though its libraries export the symbols (dpdk-driver-guide.md 1.2). Then our own declarations stand in. All
// knowledge of DPDK versions ends here: other files use SDK names only, never `next`, never
// `pci_dev->driver`.
#pragma once

#if defined(__has_include) && __has_include(<rte_mldev_pmd.h>) && __has_include(<bus_pci_driver.h>) &&             \
    __has_include(<bus_vdev_driver.h>)
#define QAIC_DPDK_SDK 1
#include <bus_pci_driver.h>
#include <bus_vdev_driver.h>
#include <rte_mldev.h>
#include <rte_mldev_pmd.h>
#else
#define QAIC_DPDK_SDK 0
#include "qaic/dpdk_compat/dpdk_sdk_compat.h"
#endif

#include <rte_version.h>
#if RTE_VERSION < RTE_VERSION_NUM(24, 11, 0, 0)
#error "this driver needs DPDK 24.11 or newer: see docs/dpdk.md"
#endif
