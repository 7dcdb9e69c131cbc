// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/batch.hpp"
#include "pipeline/stages/tensor_options.hpp"
#include <cassert>
#include <rte_cycles.h>

namespace pipeline {

namespace {

constexpr const char* batch_options[] = {"bytes", nullptr};
constexpr const char* batch_reasons[] = {"wrong_size", nullptr};
constexpr std::uint8_t batch_wrong_size = QAIC_PIPE_DROP;

/// Hangs a member behind `last`; the last segment of all is returned.
rte_mbuf* hang_on(rte_mbuf* last, rte_mbuf* member)
{
    last->next = member;
    return rte_pktmbuf_lastseg(member);
}

} // namespace

Result<std::unique_ptr<Batch>> Batch::make(const qaic_pipe_setup& setup)
{
    const Options options(setup);
    auto made = std::make_unique<Batch>();
    QAIC_TRY(const auto bytes, options.integer("bytes", 1, most_tensor_bytes));
    if (setup.batch == 0 || setup.batch > most_batch)
        return fail(Code::E_INVAL, "{}: stage {}: batch takes 1 to {} items", setup.place, setup.stage,
                    most_batch);
    made->size_ = setup.batch;
    QAIC_CHECK(tensor_bytes(static_cast<std::uint64_t>(bytes), setup.batch, options, "bytes"));
    made->bytes_ = static_cast<std::uint32_t>(bytes);
    made->wait_ = setup.batch_wait_tsc;
    made->pool_ = setup.pool;
    made->waiting_.resize(2 * std::size_t{setup.batch});
    made->came_.resize(made->waiting_.size());
    return made;
}

Batch::~Batch()
{
    for (std::uint32_t i = 0; i < count_; ++i) free_item(at(i));
}

std::uint32_t Batch::room() const { return 63 + batch_table_bytes(size_) + room_of(bytes_ * size_); }

void Batch::run(Burst b) { run_at(b, rte_rdtsc()); }
std::uint16_t Batch::poll(Burst b) { return poll_at(b, rte_rdtsc()); }

void Batch::run_at(Burst b, std::uint64_t tsc) // HOT
{
    assert(b.items.size() <= ready());
    for (std::size_t i = 0; i < b.items.size(); ++i) {
        const auto& item = *qaic_pipe_item_of(b.items[i]);
        if (item.tensor_bytes != bytes_ || item.weight != 1) {
            b.verdict[i] = batch_wrong_size;
            continue;
        }
        const auto slot = (first_ + count_++) % waiting_.size();
        waiting_[slot] = b.items[i];
        came_[slot] = tsc;
        b.verdict[i] = QAIC_PIPE_TAKEN;
    }
}

std::uint16_t Batch::poll_at(Burst b, std::uint64_t tsc) // HOT
{
    std::uint16_t n = 0;
    while (n < b.items.size() && count_ != 0) {
        const bool whole = count_ >= size_;
        if (!whole && !draining_ && tsc - came_[first_] < wait_) break;
        b.items[n] = gather(whole ? size_ : count_);
        if (b.items[n] == nullptr) break; // no item left: again when one comes back
        ++n;
    }
    return n;
}

rte_mbuf* Batch::gather(std::uint32_t members)
{
    rte_mbuf* const m = qaic_pipe_new_item(pool_);
    if (m == nullptr) return nullptr;
    auto* const item = qaic_pipe_item_of(m);
    item->free_off = batch_head_at + batch_table_bytes(size_);
    auto* const tensor = static_cast<std::byte*>(qaic_pipe_new_tensor(m, bytes_ * size_));
    if (tensor == nullptr) { // a pool made without asking room()
        free_item(m);
        return nullptr;
    }
    *batch_head(m) = {BatchHead::is_batch, static_cast<std::uint16_t>(members),
                      static_cast<std::uint16_t>(size_)};
    rte_mbuf* last = m;
    std::uint32_t segments = 1;
    for (std::uint32_t i = 0; i < members; ++i) {
        rte_mbuf* const member = at(i);
        batch_members(m)[i] = member;
        std::memcpy(tensor + std::size_t{i} * bytes_, qaic_pipe_tensor(member), bytes_);
        last = hang_on(last, member);
        segments += member->nb_segs;
    }
    std::memset(tensor + std::size_t{members} * bytes_, 0, std::size_t{size_ - members} * bytes_);
    m->nb_segs = static_cast<std::uint16_t>(std::min(segments, 65535U));
    const auto& oldest = *qaic_pipe_item_of(at(0));
    item->seq = oldest.seq, item->born = oldest.born, item->entered = oldest.entered;
    item->captured_ns = oldest.captured_ns, item->source = oldest.source, item->order = oldest.order;
    item->weight = static_cast<std::uint16_t>(members);
    first_ = static_cast<std::uint32_t>((first_ + members) % waiting_.size());
    count_ -= members;
    return m;
}

constinit const qaic_pipe_stage stage_batch =
    stage_of<Batch>("batch", QAIC_PIPE_SHAPE, batch_options, batch_reasons, QAIC_PIPE_REGROUPS);

} // namespace pipeline
