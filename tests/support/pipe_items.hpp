// SPDX-License-Identifier: BSD-3-Clause
// Items of a pipeline without EAL: a real rte_mempool whose memory and whose operations are the test's own,
// so that stages allocate and free with DPDK's functions, and a test counts what is out.
#pragma once
#include "pipeline/stage.h"
#include <cstdlib>
#include <cstring>
#include <rte_mempool.h>
#include <stdexcept>
#include <vector>

namespace support {

class PipePool {
  public:
    /// `count` items of `room` bytes each (a multiple of 64).
    explicit PipePool(std::size_t count, std::uint32_t room = 4096) : stride_(head + room)
    {
        memory_ = static_cast<char*>(std::aligned_alloc(64, stride_ * count));
        std::memset(memory_, 0xa5, stride_ * count); // what a stage does not write is not zero
        std::memset(static_cast<void*>(&pool_), 0, sizeof pool_);
        pool_.ops_index = ops_index();
        pool_.pool_data = this;
        pool_.size = static_cast<std::uint32_t>(count);
        for (std::size_t i = 0; i < count; ++i) free_.push_back(make(memory_ + i * stride_, room));
        count_ = count;
    }
    ~PipePool() { std::free(memory_); }
    PipePool(const PipePool&) = delete;
    PipePool& operator=(const PipePool&) = delete;

    rte_mempool* get() { return &pool_; }
    /// Items not given back.
    [[nodiscard]] std::size_t out() const { return count_ - free_.size(); }

    /// An item with this tensor (no tensor: 0 bytes), as a source would have made it.
    rte_mbuf* item(std::uint64_t seq, const void* tensor, std::uint32_t bytes)
    {
        rte_mbuf* const m = qaic_pipe_new_item(&pool_);
        if (m == nullptr) throw std::runtime_error("the test's pool is too small");
        auto* const item = qaic_pipe_item_of(m);
        item->seq = seq, item->born = 1000 + seq, item->source = 0;
        void* const to = qaic_pipe_new_tensor(m, bytes);
        if (to == nullptr) throw std::runtime_error("the test's items are too small");
        if (bytes != 0) std::memcpy(to, tensor, bytes);
        return m;
    }
    template<class T>
    rte_mbuf* item(std::uint64_t seq, const std::vector<T>& tensor)
    {
        return item(seq, tensor.data(), static_cast<std::uint32_t>(tensor.size() * sizeof(T)));
    }

  private:
    static constexpr std::size_t head = sizeof(rte_mbuf) + sizeof(qaic_pipe_item);

    rte_mbuf* make(char* at, std::uint32_t room)
    {
        auto* const m = reinterpret_cast<rte_mbuf*>(at);
        std::memset(static_cast<void*>(m), 0, head);
        m->priv_size = sizeof(qaic_pipe_item);
        m->buf_addr = at + head;
        m->buf_len = static_cast<std::uint16_t>(std::min<std::uint32_t>(room, UINT16_MAX));
        m->pool = &pool_;
        m->nb_segs = 1;
        rte_mbuf_refcnt_set(m, 1);
        qaic_pipe_item_of(m)->room = room;
        return m;
    }

    static int put(rte_mempool* pool, void* const* items, unsigned n)
    {
        auto& free = static_cast<PipePool*>(pool->pool_data)->free_;
        for (unsigned i = 0; i < n; ++i) free.push_back(static_cast<rte_mbuf*>(items[i]));
        return 0;
    }
    static int take(rte_mempool* pool, void** items, unsigned n)
    {
        auto& free = static_cast<PipePool*>(pool->pool_data)->free_;
        if (free.size() < n) return -ENOBUFS;
        for (unsigned i = 0; i < n; ++i) items[i] = free.back(), free.pop_back();
        return 0;
    }
    static int ops_index()
    {
        static const int index = [] {
            rte_mempool_ops ops{};
            std::strcpy(ops.name, "pipe_pool");
            ops.alloc = [](rte_mempool*) { return 0; };
            ops.enqueue = put;
            ops.dequeue = take;
            ops.get_count = [](const rte_mempool*) { return 0U; };
            return rte_mempool_register_ops(&ops);
        }();
        if (index < 0) throw std::runtime_error("rte_mempool_register_ops");
        return index;
    }

    rte_mempool pool_;
    char* memory_;
    std::size_t stride_, count_;
    std::vector<rte_mbuf*> free_;
};

/// The item's tensor as a vector of T.
template<class T>
std::vector<T> tensor_of(rte_mbuf* m)
{
    std::vector<T> all(qaic_pipe_item_of(m)->tensor_bytes / sizeof(T));
    if (!all.empty()) std::memcpy(all.data(), qaic_pipe_tensor(m), all.size() * sizeof(T));
    return all;
}

} // namespace support
