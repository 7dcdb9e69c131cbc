// SPDX-License-Identifier: BSD-3-Clause
// Which packet of a capture is due when. No DPDK, no clock: the caller's TSC. HOT.
#pragma once
#include "pipeline/ports/capture.hpp"
#include <algorithm>

namespace pipeline::ports {

struct Playing {
    std::uint64_t repeat = 1; ///< times, 0: for ever
    double rate = 0;          ///< packets a second; 0: no limit
    bool as_captured = false; ///< as far apart as captured; rate is 0 then
    std::uint64_t tsc_hz = 1;
};

/// Over a capture that outlives it. One thread.
class Player {
  public:
    Player(const Capture& capture, const Playing& how)
        : capture_(capture), how_(how), left_(how.repeat == 0 ? UINT64_MAX : how.repeat)
    {
        if (capture.records.empty()) left_ = 0;
    }

    [[nodiscard]] bool ended() const { return left_ == 0; }

    /// How many of the next packets are due at `now`, at most n. The first call's `now` is the start.
    std::uint32_t due(std::uint64_t now, std::uint32_t n)
    {
        if (left_ == 0) return 0;
        if (!started_) started_ = true, start_ = now;
        if (how_.rate > 0) {
            // The packet k is due k / rate after the start: the first one at once.
            const double by_now = seconds(now - start_) * how_.rate + 1.0 - static_cast<double>(played_);
            return by_now >= n ? n : static_cast<std::uint32_t>(std::max(by_now, 0.0));
        }
        return how_.as_captured ? due_as_captured(now, n) : n;
    }

    struct Next {
        const Record* record;
        std::uint64_t captured_ns;
    };
    /// The next packet; not when ended().
    Next next()
    {
        const Record& r = capture_.records[index_];
        const Next out{&r, r.ns + shift_ns_};
        ++played_;
        if (++index_ == capture_.records.size()) {
            index_ = 0;
            shift_ns_ += capture_.span_ns + LAP_NS;
            if (left_ != UINT64_MAX) --left_;
        }
        return out;
    }

    static constexpr std::uint64_t LAP_NS = 1'000'000; ///< between two times

  private:
    [[nodiscard]] double seconds(std::uint64_t cycles) const
    {
        return static_cast<double>(cycles) / static_cast<double>(how_.tsc_hz);
    }

    [[nodiscard]] std::uint32_t due_as_captured(std::uint64_t now, std::uint32_t n) const
    {
        // Nanoseconds since the first packet's time; one with an earlier time is due at once.
        const auto since = static_cast<std::int64_t>(seconds(now - start_) * 1e9);
        const auto first = static_cast<std::int64_t>(capture_.records.front().ns);
        std::uint32_t k = 0;
        const auto here = std::min<std::size_t>(n, capture_.records.size() - index_);
        while (k < here &&
               static_cast<std::int64_t>(capture_.records[index_ + k].ns + shift_ns_) - first <= since)
            ++k;
        return k;
    }

    const Capture& capture_;
    Playing how_;
    std::uint64_t left_, start_ = 0, played_ = 0, shift_ns_ = 0;
    std::size_t index_ = 0;
    bool started_ = false;
};

} // namespace pipeline::ports
