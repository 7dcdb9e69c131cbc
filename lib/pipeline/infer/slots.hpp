// SPDX-License-Identifier: BSD-3-Clause
// Hot. Operations of one `infer` replica: made once, used again and again; in which order items go on.
#pragma once
#include "base/result.hpp"
#include "pipeline/stage.h"
#include <algorithm>
#include <memory>
#include <rte_mldev.h>
#include <span>
#include <vector>

namespace pipeline::infer {
using namespace qaic;

/// An item on its way through a card.
struct Slot {
    rte_ml_op* op = nullptr;
    rte_mbuf* item = nullptr;
    rte_ml_buff_seg in{}, out{};
    rte_ml_buff_seg *in_list = nullptr, *out_list = nullptr;
    std::uint32_t tries = 0;
    std::uint8_t card = 0, half = 0;
    std::uint8_t verdict = QAIC_PIPE_PASS;
    bool done = false;
};

/// A fixed ring of slots.
class SlotRing {
  public:
    explicit SlotRing(std::size_t size) : slots_(size) {}
    [[nodiscard]] bool empty() const { return head_ == tail_; }
    [[nodiscard]] std::size_t count() const { return tail_ - head_; }
    void push(Slot* s) { slots_[tail_++ % slots_.size()] = s; }
    [[nodiscard]] Slot* front() const { return slots_[head_ % slots_.size()]; }
    Slot* pop() { return slots_[head_++ % slots_.size()]; }
    /// At most n from the front, in one piece.
    [[nodiscard]] std::span<Slot*> first(std::size_t n)
    {
        const auto at = head_ % slots_.size();
        return {slots_.data() + at, std::min({n, count(), slots_.size() - at})};
    }
    void drop_first(std::size_t n) { head_ += n; }

  private:
    std::vector<Slot*> slots_;
    std::size_t head_ = 0, tail_ = 0;
};

struct FreeOps {
    void operator()(rte_mempool* p) const noexcept { rte_ml_op_pool_free(p); }
};

/// All slots of a replica, with their operations.
struct Slots {
    std::unique_ptr<rte_mempool, FreeOps> pool;
    std::vector<Slot> all;
    std::vector<Slot*> free;
    /// E_NOMEM.
    static Result<Slots> make(std::uint32_t count, int numa);
};

} // namespace pipeline::infer
