// SPDX-License-Identifier: BSD-3-Clause
// Channel commands and queueing. aic100-device.md 2.9
#include "qaic/mhi/impl.hpp"
#include <algorithm>
#include <cstring>

namespace qaic::mhi {
using namespace aic100;

namespace {
std::string_view verb(Command command) noexcept
{
    switch (command) {
    case Command::RESET_CHANNEL: return "RESET";
    case Command::STOP_CHANNEL: return "STOP";
    case Command::START_CHANNEL: return "START";
    case Command::NOP: break;
    }
    return "NOP";
}
} // namespace

Result<void> Host::Impl::command(Host& host, Command command, std::uint8_t channel)
{
    QAIC_CHECK(usable());
    const auto index = commands.push(command, channel);
    if (!index) return fail(Code::E_AGAIN, "{}: command ring is full of unanswered commands", bus.name());
    const auto wp = commands.memory().address(commands.write_index());
    contexts.set_command_wp(wp);
    regs.ring_command(wp);
    const auto what = fmt::format("completion of {} of channel {}", verb(command), channel);
    auto done = wait(host, what, limits.mhi, [&] { return commands.done(*index); });
    if (!done) {
        commands.abandon(*index);
        return done;
    }
    if (const auto code = commands.code(*index); code != static_cast<std::uint8_t>(Completion::SUCCESS))
        return fail(Code::E_PROTO, "{}: card refused {} of channel {}, completion code 0x{:x}", bus.name(),
                    verb(command), channel, code);
    return {};
}

Result<void> Host::Impl::start(Host& host, std::uint8_t channel)
{
    auto& c = channels[channel];
    if (c.phase == ChannelPhase::STOPPING)
        return fail(Code::E_STATE, "{}: channel {} never confirmed its RESET", bus.name(), channel);
    QAIC_CHECK(c.ring.allocate(bus, channel_info(channel)->elements));
    drop(channel);
    c.phase = ChannelPhase::STARTING;
    contexts.put(channel, make_channel_context(c.ring.memory().place(), channel, ChannelState::ENABLED));
    auto started = command(host, Command::START_CHANNEL, channel);
    c.phase = started ? ChannelPhase::RUNNING : ChannelPhase::FAILED;
    return started;
}

Result<void> Host::Impl::reset(Host& host, std::uint8_t channel)
{
    auto& c = channels[channel];
    if (c.phase != ChannelPhase::RUNNING) return {};
    // Without a confirmation the card may still own the posted buffers: the channel then stays STOPPING until
    // the next power-up and its ring keeps them.
    c.phase = ChannelPhase::STOPPING;
    QAIC_CHECK(command(host, Command::RESET_CHANNEL, channel));
    drop(channel);
    contexts.put(channel, make_idle_context(channel));
    return {};
}

void Host::Impl::drop(std::uint8_t channel) noexcept
{
    auto& c = channels[channel];
    while (auto slot = c.ring.drop()) pool.give(std::move(slot->buffer));
    if (c.ring.memory().size() != 0) c.ring.reset();
    c.phase = ChannelPhase::DISABLED;
}

// At SBL -> AMSS the card has let go of the SBL channels by itself; RESET must not be sent (2.14 step 14).
void Host::Impl::drop_env(bool sbl) noexcept
{
    for (unsigned id = 0; id < channel_ids; ++id)
        if (channel_info(id)->in_sbl == sbl) drop(static_cast<std::uint8_t>(id));
}

void Host::Impl::queued(std::uint8_t channel) noexcept
{
    const auto& ring = channels[channel].ring;
    const auto wp = ring.memory().address(ring.write_index());
    contexts.set_channel_wp(channel, wp);
    if (m0) regs.ring_channel(channel, wp);
}

Result<void> Host::send(std::uint8_t to_device, ConstSpan bytes)
{
    auto& i = *impl_;
    QAIC_CHECK(i.usable());
    if (to_device % 2 != 0 || !running(to_device))
        return fail(Code::E_STATE, "{}: channel {} does not run to the device", i.bus.name(), to_device);
    if (bytes.empty()) return fail(Code::E_INVAL, "{}: empty message on channel {}", i.bus.name(), to_device);
    auto& ring = i.channels[to_device].ring;
    const auto elements = (bytes.size() + mhi_max_transfer - 1) / mhi_max_transfer;
    if (elements > ring.memory().size() - 1)
        return fail(Code::E_LIMIT, "{}: message of {} bytes, limit {} on channel {}", i.bus.name(),
                    bytes.size(), (ring.memory().size() - 1) * std::size_t{mhi_max_transfer}, to_device);
    if (elements > ring.room())
        return fail(Code::E_AGAIN, "{}: channel {} has room for {} elements, message needs {}", i.bus.name(),
                    to_device, ring.room(), elements);
    QAIC_TRY(auto buffer, i.pool.take(bytes.size()));
    std::memcpy(buffer.data(), bytes.data(), bytes.size());
    const auto iova = buffer.iova().value;
    for (std::size_t at = 0; at < bytes.size();) {
        const auto part = std::min<std::size_t>(bytes.size() - at, mhi_max_transfer);
        const bool last = at + part == bytes.size();
        // NOLINTNEXTLINE(bugprone-use-after-move): moved in the last round
        ring.push(iova + at, static_cast<std::uint32_t>(part), !last, last ? std::move(buffer) : DmaMemory{});
        at += part;
    }
    i.queued(to_device); // one doorbell: the card never sees half a TD
    return {};
}

Result<void> Host::post(std::uint8_t from_device, std::uint32_t bytes)
{
    auto& i = *impl_;
    QAIC_CHECK(i.usable());
    if (from_device % 2 == 0 || !running(from_device))
        return fail(Code::E_STATE, "{}: channel {} does not run from the device", i.bus.name(), from_device);
    if (bytes == 0 || bytes > mhi_max_transfer)
        return fail(Code::E_INVAL, "{}: receive buffer of {} bytes, limit 1..{}", i.bus.name(), bytes,
                    mhi_max_transfer);
    auto& ring = i.channels[from_device].ring;
    if (ring.room() == 0)
        return fail(Code::E_AGAIN, "{}: channel {} holds {} buffers already", i.bus.name(), from_device,
                    ring.used());
    QAIC_TRY(auto buffer, i.pool.take(bytes));
    const auto iova = buffer.iova().value;
    ring.push(iova, bytes, false, std::move(buffer));
    i.queued(from_device);
    return {};
}

} // namespace qaic::mhi
