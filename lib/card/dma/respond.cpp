// SPDX-License-Identifier: BSD-3-Clause
// How responses leave a channel: staged, then written to host memory in one copy, then RSPTP, then the MSI
// (5.5). When the FIFO is full one response is held and the channel stalls.
#include "base/ordered_copy.hpp"
#include "card/dma/channel.hpp"
#include <algorithm>
#include <atomic>

namespace card {

bool Channel::room() noexcept
{
    const auto taken = [this] {
        return aic100::fifo_used(rsp_head_, published_, fifo_.elements) + staged_count_ + 1;
    };
    if (taken() < fifo_.elements) return true;
    const auto head = load(aic100::dbc_reg::RSPHP);
    if (head >= fifo_.elements) {
        ++counters_.bad_head;
        return false;
    }
    rsp_head_ = head;
    return taken() < fifo_.elements;
}

void Channel::respond(aic100::ResponseElement response, bool force_msi)
{
    if (staged_count_ == batch) flush();
    if (staged_count_ == batch || !room()) {
        stalled_ = true;
        held_ = response;
        held_force_ = force_msi;
        return;
    }
    staged_[staged_count_++] = response;
    if (!force_msi) return;
    force_msi_ = true;
    flush();
}

bool Channel::unstall()
{
    flush();
    if (staged_count_ == batch || !room()) return false;
    stalled_ = false;
    respond(held_, held_force_);
    return true;
}

bool Channel::flush()
{
    static_assert(sizeof(staged_) <= ordered_copy_bytes, "the driver polls the words while they are written");
    if (staged_count_ == 0) return false;
    const auto first = std::min(staged_count_, fifo_.elements - published_);
    const auto all = std::as_bytes(std::span(staged_).first(staged_count_));
    const auto split = first * sizeof(aic100::ResponseElement);
    const auto at = fifo_.response + std::uint64_t{published_} * sizeof(aic100::ResponseElement);
    if (!host_.write(at, all.first(split)) ||
        (split < all.size() && !host_.write(fifo_.response, all.subspan(split)))) {
        ++counters_.response_failed; // kept: bus mastering may come back
        return false;
    }
    const auto before = published_;
    published_ = (published_ + staged_count_) % fifo_.elements;
    staged_count_ = 0;
    store(aic100::dbc_reg::RSPTP, published_);
    // The host writes RSPHP and then reads RSPTP again; this side does the reverse. With both orders kept
    // either it sees the new tail, or the FIFO is seen empty here and the MSI goes out.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (load(aic100::dbc_reg::RSPHP) == before || force_msi_) host_.raise_msi(index_ + 1);
    force_msi_ = false;
    return true;
}

} // namespace card
