// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/services/timesync.hpp"

namespace qaic::services {
using namespace aic100;

namespace {
constexpr std::uint8_t boot_from_device = channel::TIMESYNC + 1;
constexpr std::uint64_t us_per_s = 1'000'000;
} // namespace

std::optional<std::uint64_t> timesync_offset_us(std::uint64_t utc_us, std::uint64_t qtimer) noexcept
{
    // qtimer * 10 / 192 without overflow: the card chose the number.
    const auto card_us = qtimer / 192 * 10 + qtimer % 192 * 10 / 192;
    if (card_us > utc_us) return std::nullopt;
    return utc_us - card_us;
}

TimesyncRequest timesync_reply(TimesyncHeader header, std::uint64_t us) noexcept
{
    TimesyncRequest reply{};
    reply.header = header;
    reply.header.type = static_cast<std::uint8_t>(TimesyncType::SYNC_REQ);
    reply.seconds = us / us_per_s;
    reply.microseconds = us % us_per_s;
    return reply;
}

Result<void> TimeSync::start_boot()
{
    QAIC_CHECK(host_.start_pair(channel::TIMESYNC, [this](ConstSpan p, bool) { answer(p); }));
    return host_.post(boot_from_device, sizeof(TimesyncHeader));
}

void TimeSync::answer(ConstSpan packet)
{
    // Posted before the answer: the card's ACK follows it. Failures show in the host's health.
    (void)host_.post(boot_from_device, sizeof(TimesyncHeader));
    const auto header = read_at<TimesyncHeader>(packet);
    if (!header || packet.size() != sizeof(TimesyncHeader)) {
        ++counters_.dropped;
        return;
    }
    if (header->type == static_cast<std::uint8_t>(TimesyncType::ACK_TO_HOST)) return;
    if (header->type != static_cast<std::uint8_t>(TimesyncType::CMD_TO_HOST) || !wall_) {
        ++counters_.dropped;
        return;
    }
    const auto reply = timesync_reply(*header, wall_());
    if (host_.send(channel::TIMESYNC, bytes_of(reply)))
        ++counters_.boot;
    else
        ++counters_.dropped; // a ring full of requests: the card asks faster than it reads
}

Result<void> TimeSync::start_periodic()
{
    QAIC_CHECK(host_.start_pair(channel::TIMESYNC_PERIODIC, {})); // nothing comes back, nothing is posted
    if (period_ > Nanos{0} && wall_) due_ = bus_.clock().now() + period_;
    return {};
}

Result<std::uint64_t> TimeSync::qtimer()
{
    // Two halves of a running counter: the high word must be the same before and after.
    for (int tries = 0; tries < 3; ++tries) {
        QAIC_TRY(const auto high, host_.read(mhi_reg::QTIMER_HIGH));
        QAIC_TRY(const auto low, host_.read(mhi_reg::QTIMER_LOW));
        QAIC_TRY(const auto again, host_.read(mhi_reg::QTIMER_HIGH));
        if (high == again) return std::uint64_t{high} << 32 | low;
    }
    return fail(Code::E_PROTO, "{}: QTIMER runs faster than it can be read", bus_.name());
}

void TimeSync::poll()
{
    const auto now = bus_.clock().now();
    if (!due_ || now < *due_) return;
    due_ = now + period_;
    if (!host_.drained(channel::TIMESYNC_PERIODIC)) return;
    const auto ticks = qtimer();
    if (!ticks) return void(++counters_.dropped);
    const auto offset = timesync_offset_us(wall_(), *ticks);
    if (!offset) return void(++counters_.dropped);
    const auto message =
        timesync_reply(TimesyncHeader{timesync_signature, std::uint16_t{0}, 0, 0, std::uint16_t{0}}, *offset);
    if (host_.send(channel::TIMESYNC_PERIODIC, bytes_of(message))) ++counters_.sent;
}

} // namespace qaic::services
