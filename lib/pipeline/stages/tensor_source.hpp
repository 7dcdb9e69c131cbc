// SPDX-License-Identifier: BSD-3-Clause
// What sources of tensors have in common: items from the pool, when they fall due, until there were enough.
// HOT
#pragma once
#include "pipeline/stages/pace.hpp"
#include "pipeline/stages/tensor_options.hpp"
#include <rte_cycles.h>

namespace pipeline {

class TensorSource {
  public:
    [[nodiscard]] std::uint32_t room() const { return room_of(bytes_); }

  protected:
    /// With the options of Pace; tensors of `bytes`; `items` 0: without end.
    Result<void> prepare(const qaic_pipe_setup& setup, std::uint32_t bytes, std::uint64_t items)
    {
        QAIC_TRY(pace_, Pace::make(Options(setup), static_cast<double>(setup.tsc_hz)));
        pool_ = setup.pool;
        bytes_ = bytes;
        left_ = items == 0 ? for_ever : items;
        return {};
    }

    /// A source's run(): `fill` writes each tensor.
    template<class Fill>
    std::uint16_t run_with(Burst b, Fill fill)
    {
        if (left_ == 0) return QAIC_PIPE_END;
        const auto most = static_cast<std::uint16_t>(std::min<std::uint64_t>(left_, b.items.size()));
        const auto wanted = pace_->take(rte_rdtsc(), most);
        std::uint16_t n = 0;
        for (; n < wanted; ++n) {
            auto* const m = qaic_pipe_new_item(pool_);
            if (m == nullptr) break;
            auto* const tensor = static_cast<std::byte*>(qaic_pipe_new_tensor(m, bytes_));
            if (tensor == nullptr) { // a pool made without asking room()
                rte_pktmbuf_free(m);
                break;
            }
            fill(tensor);
            b.items[n] = m;
        }
        if (n < wanted) pace_->give_back(static_cast<std::uint16_t>(wanted - n));
        if (left_ != for_ever) left_ -= n;
        return n;
    }

    std::uint32_t bytes_ = 0;

  private:
    static constexpr auto for_ever = std::numeric_limits<std::uint64_t>::max();
    rte_mempool* pool_ = nullptr;
    std::unique_ptr<Pace> pace_;
    std::uint64_t left_ = 0;
};

} // namespace pipeline
