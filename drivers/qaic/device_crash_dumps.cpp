// SPDX-License-Identifier: BSD-3-Clause
// Crash dumps of a device: read while events are polled, under the control lock and in small pieces; written
// by the thread of recover() without it. aic100-device.md 6.1
#include "qaic/device.hpp"
#include "qaic/log.hpp"
#include <utility>

namespace qaic {
namespace {
constexpr std::size_t most_waiting = 2; ///< read and not written yet: each may be as long as the limit
constexpr Nanos pause = 20us;           ///< between two looks at a dump that is being read
} // namespace

Result<void> Device::set_crash_dumps(CrashDumpPlace place)
{
    QAIC_TRY(const auto lock, enter());
    QAIC_CHECK(check_place(place, name()));
    if (!place.directory.empty() && dump_files_.size() >= CrashDumpPlace::most_files)
        return fail(Code::E_LIMIT, "{}: crash dumps written got={} limit={}", name(), dump_files_.size(),
                    CrashDumpPlace::most_files);
    dump_place_ = std::move(place);
    controller_.accept_dumps(dump_place_.accepts());
    return {};
}

Result<std::string> Device::crash_dump_path(std::uint32_t number)
{
    QAIC_TRY(const auto lock, lock_within(500ms));
    if (number >= dump_files_.size())
        return fail(Code::E_INVAL, "{}: no crash dump of this number got={} limit={}", name(), number,
                    dump_files_.size());
    return dump_files_[number];
}

/// Under the lock, from within controller_.poll().
void Device::on_dump(services::Ssr::Dump dump)
{
    CrashDump read{static_cast<std::uint16_t>(dump.dbc), DeviceEvent::none, dump.cut, {}};
    each_running([&](Slot&, Instance&, Running& r) {
        if (r.activation().dbc == dump.dbc && r.ssr_stopped && !r.ssr_over) read.model = r.model_id;
    });
    if (dump.container && dumps_.size() >= most_waiting)
        dump.container = fail(Code::E_LIMIT, "{}: crash dump of DBC {}: {} others are still being written",
                              name(), dump.dbc, dumps_.size());
    if (dump.container) {
        read.container = std::move(*dump.container);
        dumps_.push_back(std::move(read));
        return;
    }
    const auto code = dump.container.error().code;
    dump_reset_wanted_ |= code != Code::E_CANCELED && code != Code::E_LIMIT;
    tell_of_dump(read, tl::unexpected<Error>(std::move(dump.container).error()));
}

/// Under the lock.
void Device::tell_of_dump(const CrashDump& dump, const Result<std::string>& path)
{
    DeviceEvent e{
        .kind = DeviceEventKind::CRASH_DUMP, .dbc = dump.dbc, .model = dump.model, .at = bus_->clock().now()};
    if (path) {
        e.source = static_cast<std::uint32_t>(dump_files_.size());
        dump_files_.push_back(*path);
        ++counters_.crash_dumps;
        log(LogLevel::NOTICE, "{}: crash dump of DBC {}: {}{}", name(), dump.dbc, *path,
            dump.cut ? ", without the regions beyond the limit" : "");
        if (dump_files_.size() >= CrashDumpPlace::most_files) {
            dump_place_.directory.clear();
            controller_.accept_dumps(0);
            log(LogLevel::NOTICE, "{}: no more crash dumps: {} were written", name(), dump_files_.size());
        }
    } else {
        e.value = static_cast<std::uint32_t>(path.error().code);
        ++counters_.crash_dumps_lost;
        log(LogLevel::ERR, "{}", path.error().message());
    }
    events_.raise(e);
}

/// Sees a dump that is being read to its end, which Ssr::dump_limit bounds, and writes what was read.
void Device::finish_dumps()
{
    std::vector<CrashDump> read;
    CrashDumpPlace place;
    for (;;) {
        {
            const Locked lock(control_);
            if (closed_ || closing_) return;
            if (online()) controller_.poll();
            const bool reading = online() && controller_.health() == mhi::Health::OK && controller_.dumping();
            if (!reading || interrupts_ != 0) {
                read = std::exchange(dumps_, {});
                place = dump_place_;
                break;
            }
        }
        bus_->relax(pause);
    }
    for (auto& dump : read) {
        const auto path =
            place.directory.empty()
                ? Result<std::string>(fail(Code::E_CANCELED, "{}: crash dumps were switched off", name()))
                : write_crash_dump(place, name(), dump);
        const Locked lock(control_);
        tell_of_dump(dump, path);
    }
    if (!read.empty()) events_.deliver();
}

} // namespace qaic
