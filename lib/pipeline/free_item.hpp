// SPDX-License-Identifier: BSD-3-Clause
// The one way an item ends.
#pragma once
#include "pipeline/stage.h"

namespace pipeline {

inline void free_item(rte_mbuf* m) noexcept { rte_pktmbuf_free(m); }

} // namespace pipeline
