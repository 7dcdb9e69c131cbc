// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/engine/pool.hpp"
#include <algorithm>
#include <rte_errno.h>
#include <rte_mempool.h>

namespace pipeline {

namespace {

/// rte_pktmbuf_init() knows the buffer's size by a 16-bit field; the item says the rest.
void init_item(rte_mempool* pool, void* opaque, void* object, unsigned index)
{
    rte_pktmbuf_init(pool, nullptr, object, index);
    auto& item = *qaic_pipe_item_of(static_cast<rte_mbuf*>(object));
    item = {};
    item.room = *static_cast<const std::uint32_t*>(opaque);
}

} // namespace

Result<ItemPool> make_item_pool(const std::string& name, std::uint32_t items, std::uint64_t room, int numa)
{
    constexpr std::uint64_t most_room = 1ULL << 30;
    const auto buffer = RTE_ALIGN_CEIL(room + RTE_PKTMBUF_HEADROOM, std::uint64_t{64});
    if (buffer > most_room)
        return fail(Code::E_LIMIT, "an item needs {} bytes of buffer, limit {}", buffer, most_room);
    const auto object = sizeof(rte_mbuf) + sizeof(qaic_pipe_item) + buffer;
    const unsigned cache = items >= 4096 ? 256 : 0;
    ItemPool pool(rte_mempool_create_empty(name.c_str(), items, static_cast<unsigned>(object), cache,
                                           sizeof(rte_pktmbuf_pool_private), numa, 0));
    const auto refused = [&] {
        return fail(Code::E_NOMEM,
                    "no memory for {} items of {} bytes ({} MiB): {}; less depth of links, or more hugepages "
                    "(or -m with --no-huge)",
                    items, object, (items * object) >> 20, rte_strerror(rte_errno));
    };
    if (!pool) return refused();
    rte_pktmbuf_pool_private priv{};
    priv.mbuf_data_room_size = static_cast<std::uint16_t>(std::min<std::uint64_t>(buffer, UINT16_MAX));
    priv.mbuf_priv_size = sizeof(qaic_pipe_item);
    if (rte_mempool_set_ops_byname(pool.get(), "ring_mp_mc", nullptr) != 0) return refused();
    rte_pktmbuf_pool_init(pool.get(), &priv);
    if (rte_mempool_populate_default(pool.get()) < 0) return refused();
    auto whole = static_cast<std::uint32_t>(buffer);
    rte_mempool_obj_iter(pool.get(), init_item, &whole);
    return pool;
}

} // namespace pipeline
