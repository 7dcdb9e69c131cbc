// SPDX-License-Identifier: BSD-3-Clause
// An item that stands for several: what `batch` makes and `unbatch` takes apart. Its members are known by a
// table in its buffer, and hang on it as the segments of a packet do, each behind the last segment of the one
// before: whoever frees a batch by rte_pktmbuf_free() frees its members.
//
//   buffer: headroom | BatchHead | pointers to `count` members | tensor: members' tensors, then zeros
//
// weight is the number of members. data_len of the item itself is 0. seq, born, captured_ns and source are
// those of its first member.
#pragma once
#include "pipeline/stage.h"

namespace pipeline {

/// At batch_head_at bytes from buf_addr.
struct BatchHead {
    static constexpr uint32_t is_batch = 0x68637462; // "btch"
    uint32_t magic;
    uint16_t count; ///< members
    uint16_t size;  ///< members the tensor has room for
};
inline constexpr uint32_t batch_head_at = (RTE_PKTMBUF_HEADROOM + 63u) & ~63u;
inline constexpr uint16_t most_batch = 512;

/// Bytes from headroom to the end of the table.
[[nodiscard]] constexpr uint32_t batch_table_bytes(uint32_t members)
{
    return static_cast<uint32_t>(sizeof(BatchHead) + members * sizeof(void*));
}

[[nodiscard]] inline BatchHead* batch_head(rte_mbuf* m)
{
    return reinterpret_cast<BatchHead*>(static_cast<char*>(m->buf_addr) + batch_head_at);
}
[[nodiscard]] inline rte_mbuf** batch_members(rte_mbuf* m)
{
    return reinterpret_cast<rte_mbuf**>(batch_head(m) + 1);
}
/// A packet has data in its first segment, a tensor's item has one segment: neither is taken for a batch.
[[nodiscard]] inline bool is_batch(rte_mbuf* m)
{
    if (m->data_len != 0 || m->next == nullptr ||
        qaic_pipe_item_of(m)->room < batch_head_at + sizeof(BatchHead))
        return false;
    const BatchHead& head = *batch_head(m);
    return head.magic == BatchHead::is_batch && head.count != 0 && head.count == qaic_pipe_item_of(m)->weight;
}

/// Frees an item of any kind, a batch with its members; nullptr is nothing.
inline void free_item(rte_mbuf* m) { rte_pktmbuf_free(m); }

} // namespace pipeline
