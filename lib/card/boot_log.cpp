// SPDX-License-Identifier: BSD-3-Clause
#include "card/boot_log.hpp"
#include <fmt/format.h>

namespace card {
namespace channel = aic100::channel;
namespace {

constexpr std::size_t max_lines = 256;
constexpr std::size_t max_unposted = 16; // packets the engine may hold for us
constexpr std::uint64_t second_us = 1'000'000;

} // namespace

void BootLog::line(std::string text)
{
    if (lines_.size() == max_lines) lines_.pop_front();
    lines_.push_back(std::move(text));
}

bool BootLog::poll()
{
    bool did = false;
    constexpr std::uint8_t out = channel::LOGGING + 1;
    while (!lines_.empty() && port_.running(out) && port_.pending(out) < max_unposted) {
        // Newline and NUL end a line: Linux drops the NUL and shows the rest one after the other. A line
        // longer than the host's buffer goes on in the next (OVERFLOW).
        auto text = std::move(lines_.front());
        lines_.pop_front();
        text += '\n';
        const auto bytes = std::as_bytes(std::span(text.c_str(), text.size() + 1));
        (void)port_.send(out, {bytes.begin(), bytes.end()});
        did = true;
    }
    return did;
}

std::optional<std::uint64_t> timesync_request_us(ConstSpan bytes)
{
    const auto request = read_at<aic100::TimesyncRequest>(bytes);
    const bool good = request && bytes.size() == sizeof(aic100::TimesyncRequest) &&
                      request->header.signature == aic100::timesync_signature &&
                      request->header.type == static_cast<std::uint8_t>(aic100::TimesyncType::SYNC_REQ) &&
                      request->microseconds < second_us && request->seconds < ~std::uint64_t{0} / second_us;
    if (!good) return std::nullopt;
    return request->seconds * second_us + request->microseconds;
}

void BootTimesync::started(std::uint8_t)
{
    const bool both = port_.running(channel::TIMESYNC) && port_.running(channel::TIMESYNC + 1);
    if (both) send(aic100::TimesyncType::CMD_TO_HOST), asked_ = true;
}

void BootTimesync::packet(Bytes bytes)
{
    const auto time = timesync_request_us(bytes);
    if (!asked_ || !time) return log_.line("TIMESYNC: message ignored");
    asked_ = false;
    host_time_us_ = *time;
    log_.line(fmt::format("TIMESYNC: host time {}.{:06} s", *time / second_us, *time % second_us));
    send(aic100::TimesyncType::ACK_TO_HOST);
}

void BootTimesync::send(aic100::TimesyncType type)
{
    const aic100::TimesyncHeader message{aic100::timesync_signature, 0, 0, static_cast<std::uint8_t>(type),
                                         0};
    const auto bytes = bytes_of(message);
    (void)port_.send(channel::TIMESYNC + 1, {bytes.begin(), bytes.end()});
}

} // namespace card
