// SPDX-License-Identifier: BSD-3-Clause
// Pools of items: mbufs with a qaic_pipe_item each, and buffers as large as the pipeline's tensors need, also
// above the 65535 bytes that an mbuf's own fields can say.
#pragma once
#include "base/result.hpp"
#include "pipeline/stage.h"
#include <memory>

namespace pipeline {
using namespace qaic;

struct FreePool {
    void operator()(rte_mempool* p) const noexcept { rte_mempool_free(p); }
};
using ItemPool = std::unique_ptr<rte_mempool, FreePool>;

/// `items` of them, each with `room` bytes behind the headroom. E_NOMEM says how much was asked for.
Result<ItemPool> make_item_pool(const std::string& name, std::uint32_t items, std::uint64_t room, int numa);

} // namespace pipeline
