// SPDX-License-Identifier: BSD-3-Clause
// Cards this driver drives, once for the bus and once for dpdk-pmdinfo.py. 17cb:a110 has two SoCs
// (aic100-device.md 1.1) and is left out until they are handled.
#pragma once
#include "aic100/regs/registers.hpp"

// Decimal: the numbers also become text.
#define QAIC_PCI_IDS(FIRST, NEXT) FIRST(6091, 41216) NEXT(6091, 41088)

static_assert(aic100::pci_vendor == 6091 && aic100::pci_device_aic100 == 41216 &&
              aic100::pci_device_aic080 == 41088);
