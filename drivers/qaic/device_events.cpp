// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/device_events.hpp"
#include <algorithm>

namespace qaic {

std::string_view to_string(DeviceEventKind kind) noexcept
{
    static constexpr std::array<std::string_view, device_event_kinds> names{
        "RECOVERING",   "RECOVERED", "FAILED", "REMOVED",     "DBC_QUARANTINED",
        "DBC_RESTORED", "SSR",       "RAS",    "TEMPERATURE", "CRASH_DUMP"};
    const auto i = static_cast<std::size_t>(kind);
    return i < names.size() ? names[i] : "?";
}

void DeviceEvents::on_event(Handler handler)
{
    auto next = handler ? std::make_shared<const Handler>(std::move(handler)) : nullptr;
    std::unique_lock lock(lock_);
    handler_ = std::move(next);
    delivered_ = raised_;
    if (delivering_ && deliverer_ == std::this_thread::get_id()) return;
    idle_.wait(lock, [this] { return !delivering_; });
}

void DeviceEvents::raise(const DeviceEvent& event) noexcept
{
    counts_[static_cast<std::size_t>(event.kind)].fetch_add(1, std::memory_order_relaxed);
    const std::lock_guard lock(lock_);
    ring_[raised_ % kept] = event;
    ++raised_;
    if (handler_ && raised_ - delivered_ > kept) ++delivered_, ++missed_;
    if (!handler_) delivered_ = raised_;
}

void DeviceEvents::deliver() noexcept
{
    std::unique_lock lock(lock_);
    if (delivering_) return;
    delivering_ = true;
    deliverer_ = std::this_thread::get_id();
    while (handler_ && delivered_ != raised_) {
        const auto event = ring_[delivered_++ % kept];
        const auto handler = handler_;
        lock.unlock();
        try {
            (*handler)(event);
        } catch (...) { // the application's (reliability.md H23)
            ++failures_;
        }
        lock.lock();
    }
    delivering_ = false;
    lock.unlock();
    idle_.notify_all();
}

std::vector<DeviceEvent> DeviceEvents::recent() const
{
    const std::lock_guard lock(lock_);
    std::vector<DeviceEvent> out;
    for (auto i = raised_ - std::min<std::uint64_t>(raised_, kept); i < raised_; ++i)
        out.push_back(ring_[i % kept]);
    return out;
}

} // namespace qaic
