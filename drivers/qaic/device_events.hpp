// SPDX-License-Identifier: BSD-3-Clause
// What happened to a device that an application may want to know: recovery, removal, restarts, errors the
// card reported. rte_mldev has no event API; names and meaning follow ethdev's proactive error handling
// (reliability.md 2.4). Raised under the control lock, delivered without any lock of the driver held.
#pragma once
#include "base/clock.hpp"
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

namespace qaic {

/// Numbers are part of the native API: new ones go to the end.
enum class DeviceEventKind : std::uint8_t {
    RECOVERING, ///< the card is lost for a while; value = Code that outstanding operations come back with
    RECOVERED,  ///< models that were started run again; value = milliseconds since RECOVERING
    FAILED,     ///< out of use until it is closed; value = automatic recoveries that were tried
    REMOVED,    ///< the card is gone for good
    DBC_QUARANTINED, ///< dbc, model; value = dbc::Guard; its operations come back once it is fenced
    DBC_RESTORED,    ///< dbc (the new one), model: activated again
    SSR,             ///< dbc; model when it is one of ours; value = aic100::SsrEvent
    RAS,             ///< value = aic100::RasErrorType, source = aic100::RasSource
    TEMPERATURE,     ///< value = degrees Celsius (two's complement), source = threshold: 0 lower, 1 upper, 2
                     ///< critical
    CRASH_DUMP,      ///< dbc, model; value = 0 written, else Code; source = number of the file when written
};
inline constexpr std::size_t device_event_kinds = 10;
[[nodiscard]] std::string_view to_string(DeviceEventKind kind) noexcept;

struct DeviceEvent {
    static constexpr std::uint16_t none = 0xffff;

    DeviceEventKind kind = DeviceEventKind::RECOVERING;
    std::uint16_t dbc = none;   ///< 0..15, or none
    std::uint16_t model = none; ///< model id, or none
    std::uint32_t value = 0, source = 0;
    Nanos at{0}; ///< monotonic
};

/// The last events, and one handler that is given each of them once, in order. Any thread.
class DeviceEvents {
  public:
    using Handler = std::function<void(const DeviceEvent&)>;
    static constexpr std::size_t kept = 64;

    /// Replaces the handler; an empty one takes it away. It is given events raised from now on. Returns when
    /// no call of the old one is running, except when called from within it. A handler that throws is counted
    /// and survived.
    void on_event(Handler handler);
    /// Keeps and counts an event. Never waits for a handler. A handler that is `kept` events late loses the
    /// oldest.
    void raise(const DeviceEvent& event) noexcept;
    /// Calls the handler for what was raised since. Without any lock of the driver: the handler may call it.
    /// When another thread is delivering, that one takes these events too and this call returns.
    void deliver() noexcept;

    /// Of a kind, ever raised.
    [[nodiscard]] std::uint64_t count(DeviceEventKind kind) const noexcept
    {
        return counts_[static_cast<std::size_t>(kind)].load(std::memory_order_relaxed);
    }
    /// Events the handler never saw; handlers that threw.
    [[nodiscard]] std::uint64_t missed() const noexcept { return missed_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t handler_failures() const noexcept
    {
        return failures_.load(std::memory_order_relaxed);
    }
    /// The last events, oldest first.
    [[nodiscard]] std::vector<DeviceEvent> recent() const;

  private:
    mutable std::mutex lock_;
    std::condition_variable idle_;
    std::shared_ptr<const Handler> handler_; ///< shared: a call that runs keeps its own
    std::array<DeviceEvent, kept> ring_{};
    std::uint64_t raised_ = 0, delivered_ = 0;
    bool delivering_ = false;
    std::thread::id deliverer_;
    std::array<std::atomic<std::uint64_t>, device_event_kinds> counts_{};
    std::atomic<std::uint64_t> missed_{0}, failures_{0};
};

} // namespace qaic
