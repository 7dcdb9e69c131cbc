// SPDX-License-Identifier: BSD-3-Clause
#include "vfio_user/session.hpp"
#include <algorithm>
#include <cerrno>
#include <fmt/format.h>

namespace vfio_user {
namespace {

constexpr std::size_t receive_bytes = 64u << 10;
constexpr std::size_t any_body = max_message;
constexpr std::uint32_t known_flags = header_flag::TYPE_MASK | header_flag::NO_REPLY | header_flag::ERROR;

} // namespace

const Session::Row* Session::row_of(std::uint16_t command) noexcept
{
    static constexpr Row rows[] = {
        {Command::VERSION, &Session::version, sizeof(Version), any_body, 0},
        {Command::DMA_MAP, &Session::dma_map, sizeof(DmaMap), sizeof(DmaMap), 1},
        {Command::DMA_UNMAP, &Session::dma_unmap, sizeof(DmaUnmap), sizeof(DmaUnmap), 0},
        {Command::DEVICE_GET_INFO, &Session::device_info, sizeof(DeviceInfo), sizeof(DeviceInfo), 0},
        {Command::DEVICE_GET_REGION_INFO, &Session::region_info, sizeof(RegionInfo), sizeof(RegionInfo), 0},
        {Command::DEVICE_GET_REGION_IO_FDS, &Session::not_offered, 0, any_body, 0},
        {Command::DEVICE_GET_IRQ_INFO, &Session::irq_info, sizeof(IrqInfo), sizeof(IrqInfo), 0},
        {Command::DEVICE_SET_IRQS, &Session::set_irqs, sizeof(SetIrqs), any_body, max_fds},
        {Command::REGION_READ, &Session::region_read, sizeof(RegionAccess), sizeof(RegionAccess), 0},
        {Command::REGION_WRITE, &Session::region_write, sizeof(RegionAccess), any_body, 0},
        {Command::DEVICE_RESET, &Session::device_reset, 0, 0, 0},
        {Command::REGION_WRITE_MULTI, &Session::write_multi, sizeof(le64), any_body, 0},
    };
    const auto* at = std::find_if(std::begin(rows), std::end(rows), [command](const Row& row) {
        return static_cast<std::uint16_t>(row.command) == command;
    });
    return at == std::end(rows) ? nullptr : at;
}

Session::Session(Device& device, Channel& channel, const qaic::Clock& clock, SessionLimits limits)
    : device_(device), channel_(channel), clock_(clock), limits_(limits), buffer_(receive_bytes),
      dma_(*this, limits.dma_maps), begun_(clock.now())
{
    for (unsigned index = 0; index < irqs; ++index) irqs_[index] = IrqTable(device.interrupts(index));
}

bool Session::step(Nanos wait)
{
    if (ended()) return false;
    const bool got = receive(frames_.waiting() ? Nanos{0} : wait);
    bool did = got;
    while (!ended()) {
        auto message = frames_.next();
        if (!message) break;
        dispatch(*message);
        did = true;
    }
    if (!got) check_deadlines(); // who was slow here was not the client
    return did;
}

/// One chunk from the channel into the frame reader. True when there was one.
bool Session::receive(Nanos wait)
{
    std::size_t bytes = 0;
    std::vector<Fd> fds;
    switch (channel_.receive(buffer_, bytes, fds, wait)) {
    case Channel::Input::NOTHING: return false;
    case Channel::Input::END: return end("client has closed the connection", frames_.partial()), false;
    case Channel::Input::TRUNCATED:
        return end(fmt::format("more than {} descriptors in one message", max_fds)), false;
    case Channel::Input::DATA: break;
    }
    const bool was_partial = frames_.partial();
    const auto completed = frames_.completed();
    if (!frames_.feed(ConstSpan(buffer_).first(bytes), std::move(fds))) {
        end(frames_.violation());
        return false;
    }
    // More of the same message does not move its deadline.
    const bool begun = frames_.partial() && (!was_partial || frames_.completed() != completed);
    if (negotiated_ && begun) begun_ = clock_.now();
    return true;
}

void Session::check_deadlines()
{
    if (ended() || !deadline_running() || clock_.now() - begun_ <= limits_.message) return;
    const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(limits_.message).count();
    end(fmt::format("{} for {} ms", negotiated_ ? "message not complete" : "no VERSION message", limit));
}

void Session::end(std::string why, bool misbehaved)
{
    if (ended()) return;
    reason_ = std::move(why);
    misbehaved_ = misbehaved;
}

void Session::dispatch(Message& message)
{
    const std::uint32_t flags = message.header.flags;
    if ((flags & header_flag::TYPE_MASK) == header_flag::REPLY)
        return end(fmt::format("reply to nothing (command {}, id {})", message.header.command.get(),
                               message.header.id.get()));
    const auto result = answer(message);
    if (result.hang_up)
        end(fmt::format("command {}: {}", message.header.command.get(),
                        negotiated_ ? "VERSION again" : "no agreement on the version"));
    if ((flags & header_flag::NO_REPLY) == 0) reply(message.header, result);
}

Session::Answer Session::answer(Message& message)
{
    const std::uint32_t flags = message.header.flags;
    const bool is_version = message.header.command == static_cast<std::uint16_t>(Command::VERSION);
    if (is_version == negotiated_) return {EINVAL, {}, -1, true}; // before it, or a second time
    if ((flags & ~known_flags) != 0 || (flags & header_flag::TYPE_MASK) != header_flag::COMMAND ||
        (flags & header_flag::ERROR) != 0)
        return {EINVAL, {}, -1, !negotiated_};
    const auto* row = row_of(message.header.command);
    if (row == nullptr || message.body.size() < row->least_body || message.body.size() > row->most_body ||
        message.fds.size() > row->most_fds)
        return {EINVAL, {}, -1, !negotiated_};
    return (this->*row->handler)(message);
}

void Session::reply(const Header& to, const Answer& answer)
{
    Bytes message;
    message.reserve(sizeof(Header) + answer.body.size());
    const bool failed = answer.error != 0;
    const auto size = sizeof(Header) + (failed ? 0 : answer.body.size());
    qaic::append(message, Header{to.id, to.command, static_cast<std::uint32_t>(size),
                                 header_flag::REPLY | (failed ? header_flag::ERROR : 0),
                                 static_cast<std::uint32_t>(answer.error)});
    if (!failed) message.insert(message.end(), answer.body.begin(), answer.body.end());
    if (!channel_.send(message, failed ? -1 : answer.fd, limits_.message))
        end("client does not take its replies");
}

} // namespace vfio_user
