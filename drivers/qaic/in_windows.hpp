// SPDX-License-Identifier: BSD-3-Clause
// Whether operations lie in memory the card can reach (bus/reach.hpp): nearly always where the last ones
// were, so that a burst pays two vector instructions an operation and one branch. HOT.
#pragma once
#include "qaic/queue_pair.hpp"

namespace qaic::fast {

/// Windows found before the last change of the card's memory are void. Once a burst.
__rte_always_inline void follow_reach(QueuePair& qp) noexcept
{
    const auto version = qp.reach.version();
    if (likely(version == qp.reach_seen)) return;
    qp.reach_seen = version;
    qp.in_window = {}, qp.out_window = {};
}

/// Input and output of several operations against the queue pair's two windows, both at once. Unsigned
/// numbers are moved by half their range, because vectors compare signed ones.
class InWindows {
  public:
    InWindows(const QueuePair& qp, const ModelPort& port) noexcept
        : first_{qp.in_window.first + half, qp.out_window.first + half},
          starts_{static_cast<std::int64_t>(qp.in_window.starts(port.input_bytes) - half),
                  static_cast<std::int64_t>(qp.out_window.starts(port.output_bytes) - half)}
    {}
    __rte_always_inline void add(const dbc::Work& work) noexcept
    {
        all_ &=
            (Signed)(Unsigned{work.in, work.out} - first_) < starts_; // NOLINT: a vector's bits as they are
    }
    /// Every one added lies in them.
    [[nodiscard]] __rte_always_inline bool all() const noexcept { return (all_[0] & all_[1]) != 0; }

  private:
    using Unsigned [[gnu::vector_size(16)]] = std::uint64_t;
    using Signed [[gnu::vector_size(16)]] = std::int64_t;
    static constexpr std::uint64_t half = 1ull << 63;
    Unsigned first_;
    Signed starts_, all_{-1, -1};
};

/// How many of n operations, from the first, the card can reach. The windows move to where they are.
__rte_noinline inline std::uint32_t reachable(QueuePair& qp, const ModelPort& port, const dbc::Work* work,
                                              std::uint32_t n) noexcept
{
    for (std::uint32_t i = 0; i < n; ++i) {
        const auto& w = work[i];
        if (!qp.in_window.holds(w.in, port.input_bytes)) qp.in_window = qp.reach.find(w.in, port.input_bytes);
        if (!qp.out_window.holds(w.out, port.output_bytes))
            qp.out_window = qp.reach.find(w.out, port.output_bytes);
        if (qp.in_window.bytes == 0 || qp.out_window.bytes == 0) return i;
    }
    return n;
}

} // namespace qaic::fast
