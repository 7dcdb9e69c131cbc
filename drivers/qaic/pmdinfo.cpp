// SPDX-License-Identifier: BSD-3-Clause
// What dpdk-pmdinfo.py reads out of the file. DPDK's macros would give these strings internal linkage in C++
// (dpdk-driver-guide.md 2), and its generator is not installed. A test compares `params` with devargs.cpp.
#include "qaic/pci_ids.hpp"

#define QAIC_TEXT(x) #x
#define QAIC_FIRST(vendor, device) "[" QAIC_TEXT(vendor) ", " QAIC_TEXT(device) ", 65535, 65535]"
#define QAIC_NEXT(vendor, device) ", " QAIC_FIRST(vendor, device)
#define QAIC_PARAMS                                                                                          \
    "fw=<dir>,attach=reset|warm,op_timeout_ms=<int>,housekeeping_ms=<int>,"                                  \
    "instances=<int>,recovery=auto|off,crash_dump=<dir>,crash_dump_mib=<int>,"                               \
    "completion=memory|confirmed|register"

extern "C" {
extern const char ml_qaic_pmd_info[];
extern const char ml_qaic_emu_pmd_info[];
extern const char ml_qaic_vfu_pmd_info[];
__attribute__((used)) const char ml_qaic_pmd_info[] =
    "PMD_INFO_STRING= {\"name\": \"ml_qaic\", \"params\": \"" QAIC_PARAMS
    "\", \"kmod\": \"* vfio-pci\", \"pci_ids\": [" QAIC_PCI_IDS(QAIC_FIRST, QAIC_NEXT) "]}";
__attribute__((used)) const char ml_qaic_emu_pmd_info[] =
    "PMD_INFO_STRING= {\"name\": \"ml_qaic_emu\", \"params\": \"" QAIC_PARAMS
    ",ddr=<size>,nsps=<int>,cpu=<int>,idle_us=<int>,iova=va|any\", \"pci_ids\": []}";
__attribute__((used)) const char ml_qaic_vfu_pmd_info[] =
    "PMD_INFO_STRING= {\"name\": \"ml_qaic_vfu\", \"params\": \"socket=<path>," QAIC_PARAMS
    ",iova=va|any\", \"pci_ids\": []}";
}
