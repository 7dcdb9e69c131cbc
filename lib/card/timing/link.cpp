// SPDX-License-Identifier: BSD-3-Clause
#include "card/timing/link.hpp"
#include <algorithm>
#include <utility>

namespace card {

/// To the nearest nanosecond, and one at least, so that time never stands still.
Nanos Link::takes(std::uint64_t bytes) const noexcept
{
    constexpr std::uint64_t ns_per_s = 1'000'000'000; // 2^32 * 10^9 < 2^62: no overflow
    return Nanos(static_cast<std::int64_t>(
        std::max<std::uint64_t>(1, (bytes * ns_per_s + bytes_per_s_ / 2) / bytes_per_s_)));
}

void Link::send(const Flight& flight, Nanos now)
{
    const auto time = takes(flight.element.length);
    free_at_ = std::max(free_at_, now) + time;
    occupied_ += time;
    flights_.push_back({free_at_, flight});
}

Flight Link::land()
{
    const auto flight = flights_.front().flight;
    flights_.pop_front();
    return flight;
}

Nanos Link::busy(Nanos now) const noexcept { return occupied_ - std::max(Nanos{0}, free_at_ - now); }

void Link::clear(Nanos now) noexcept
{
    occupied_ = busy(now);
    flights_.clear();
    free_at_ = now;
}

} // namespace card
