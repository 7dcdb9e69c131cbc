// SPDX-License-Identifier: BSD-3-Clause
#include "load/arrivals.hpp"
#include <algorithm>
#include <charconv>
#include <cmath>

namespace qaic::load {

namespace {
constexpr double most_per_second = 1e9;
constexpr std::uint64_t most_ns = 100'000'000'000'000'000; ///< three years: ticks of any clock still fit
constexpr std::size_t most_times = std::size_t{1} << 26;   // 512 MiB of them
} // namespace

Result<void> check(const ArrivalPlan& p)
{
    if (p.kind == ArrivalKind::REPLAY) {
        if (p.times.empty()) return fail(Code::E_INVAL, "the schedule holds no due time");
        const auto back = std::is_sorted_until(p.times.begin(), p.times.end());
        if (back != p.times.end())
            return fail(Code::E_INVAL,
                        "due time {} of the schedule lies before the one in front of it got={}",
                        back - p.times.begin() + 1, *back);
        return {};
    }
    if (!(p.per_second > 0 && p.per_second <= most_per_second))
        return fail(Code::E_INVAL, "a rate is more than 0 and at most {:g} a second got={:g}",
                    most_per_second, p.per_second);
    if (p.kind == ArrivalKind::TRAINS && p.train == 0)
        return fail(Code::E_INVAL, "a train is one operation or more got=0");
    return {};
}

// The first operation falls due one gap after the start (trains: a whole train at the first gap), as those
// after it do: a rate then holds from the start on.
Arrivals::Arrivals(const ArrivalPlan& plan, double hz)
    : kind_(plan.kind), at_(0), gap_(plan.per_second > 0 ? hz / plan.per_second : 0), train_(plan.train),
      random_(plan.seed), times_(plan.times), ticks_per_ns_(hz / 1e9)
{
    if (kind_ != ArrivalKind::TRAINS) return;
    gap_ *= plan.train;
    in_train_ = train_ - 1;
}

void Arrivals::draw() noexcept
{
    taken_ = 0;
    auto at = at_;
    const auto ticks = [](double v) { return static_cast<std::uint64_t>(static_cast<std::int64_t>(v)); };
    switch (kind_) {
    case ArrivalKind::POISSON:
        for (auto& due : drawn_) due = ticks(at += gap_ * draw_(random_));
        break;
    case ArrivalKind::FIXED:
        for (auto& due : drawn_) due = ticks(at += gap_);
        break;
    case ArrivalKind::TRAINS:
        for (auto& due : drawn_) {
            if (++in_train_ == train_) in_train_ = 0, at += gap_;
            due = ticks(at);
        }
        break;
    case ArrivalKind::REPLAY:
        for (auto& due : drawn_) due = replay();
        break;
    }
    at_ = at;
}

std::uint64_t Arrivals::replay() noexcept
{
    if (replayed_ == times_.size()) return never;
    return static_cast<std::uint64_t>(static_cast<double>(times_[replayed_++]) * ticks_per_ns_);
}

Result<std::vector<std::uint64_t>> parse_schedule(std::string_view text, const std::string& name)
{
    std::vector<std::uint64_t> times;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        line = line.substr(0, line.find('#'));
        const auto first = line.find_first_not_of(" \t\r");
        if (first == std::string_view::npos) continue;
        line = line.substr(first, line.find_last_not_of(" \t\r") + 1 - first);
        std::uint64_t at = 0;
        const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), at);
        if (error != std::errc{} || stop != line.data() + line.size())
            return fail(Code::E_FORMAT, "{}:{}: not a number of nanoseconds got=\"{}\"", name, number,
                        line.substr(0, 32));
        if (!times.empty() && at < times.back())
            return fail(Code::E_FORMAT, "{}:{}: due times must not go back got={} after {}", name, number, at,
                        times.back());
        if (at > most_ns)
            return fail(Code::E_FORMAT, "{}:{}: due time beyond {} ns got={}", name, number, most_ns, at);
        if (times.size() == most_times)
            return fail(Code::E_LIMIT, "{}:{}: more than {} due times", name, number, most_times);
        times.push_back(at);
    }
    if (times.empty()) return fail(Code::E_FORMAT, "{}: holds no due time", name);
    return times;
}

} // namespace qaic::load
