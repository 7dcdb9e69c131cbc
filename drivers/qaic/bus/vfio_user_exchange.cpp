// SPDX-License-Identifier: BSD-3-Clause
// One request and its reply: framing, ids, what the server sends in between, and the end of a connection that
// cannot be trusted any more.
#include "qaic/bus/vfio_user_client.hpp"
#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>

namespace qaic::vfu {
using namespace vfio_user;

namespace {

constexpr unsigned most_commands = 1024; ///< of the server that may come before our reply
constexpr std::uint32_t most_errno = 4095;

struct CommandRow {
    Command command;
    const char* name;
    Code refusal; ///< of an error reply
};
constexpr CommandRow command_rows[] = {
    {Command::VERSION, "VERSION", Code::E_BUSY},
    {Command::DMA_MAP, "DMA_MAP", Code::E_IOVA},
    {Command::DMA_UNMAP, "DMA_UNMAP", Code::E_IOVA},
    {Command::DEVICE_GET_INFO, "GET_INFO", Code::E_PROTO},
    {Command::DEVICE_GET_REGION_INFO, "GET_REGION_INFO", Code::E_PROTO},
    {Command::DEVICE_GET_IRQ_INFO, "GET_IRQ_INFO", Code::E_PROTO},
    {Command::REGION_READ, "REGION_READ", Code::E_PROTO},
    {Command::REGION_WRITE, "REGION_WRITE", Code::E_PROTO},
};
const CommandRow& row_of(Command command)
{
    static constexpr CommandRow other{Command::DEVICE_RESET, "command", Code::E_PROTO};
    for (const auto& row : command_rows)
        if (row.command == command) return row;
    return other;
}

Bytes framed(const Header& header, ConstSpan body)
{
    Bytes out;
    out.reserve(sizeof header + body.size());
    append(out, header);
    out.insert(out.end(), body.begin(), body.end());
    return out;
}

bool is_command(const Header& header)
{
    return (header.flags & header_flag::TYPE_MASK) == header_flag::COMMAND;
}

} // namespace

Result<Client::Reply> Client::call(Command command, ConstSpan body, int fd, std::size_t most)
{
    const std::lock_guard guard(lock_);
    const auto& row = row_of(command);
    if (lost()) return fail(Code::E_REMOVED, "{}: {}: connection to the card is lost", name_, row.name);
    auto answer = exchange({++last_id_, command, most, monotonic() + limits_.message}, body, fd);
    if (answer && *answer) return std::move(**answer);
    if (answer) return fail_at(name_, std::move(answer->error()));
    auto error = std::move(answer).error();
    error.text = error.code == Code::E_TIMEOUT ? fmt::format("{}: {}: server does not answer within {} ms",
                                                             name_, row.name, limits_.message / 1ms)
                                               : fmt::format("{}: {}: {}", name_, row.name, error.text);
    give_up(error);
    return tl::unexpected(std::move(error));
}

Client::Answer Client::exchange(const Asked& asked, ConstSpan body, int fd)
{
    Header header{};
    header.id = asked.id;
    header.command = static_cast<std::uint16_t>(asked.command);
    header.size = static_cast<std::uint32_t>(sizeof header + body.size());
    QAIC_CHECK(socket_.send(framed(header, body), fd, asked.until));
    for (unsigned n = 0; n < most_commands; ++n) {
        QAIC_TRY(auto message, next_message(asked));
        if (message) return std::move(*message);
    }
    return fail(Code::E_PROTO, "{} commands of the server before its reply", most_commands);
}

Result<std::optional<Result<Client::Reply>>> Client::next_message(const Asked& asked)
{
    std::array<std::byte, sizeof(Header)> raw{};
    Reply reply;
    QAIC_CHECK(socket_.receive(raw, reply.fds, asked.until));
    const auto header = *read_at<Header>(raw);
    if (header.size < sizeof header || header.size > max_message)
        return fail(Code::E_PROTO, "message size got={} limit={}..{}", header.size.get(), sizeof header,
                    max_message);
    if (is_command(header)) {
        QAIC_CHECK(refuse_command(header, reply.fds, asked.until));
        return std::optional<Result<Reply>>{};
    }
    QAIC_TRY(auto taken, take_reply(asked, header, std::move(reply)));
    return std::optional<Result<Reply>>(std::move(taken));
}

Client::Answer Client::take_reply(const Asked& asked, const Header& header, Reply reply)
{
    const auto type = header.flags & header_flag::TYPE_MASK;
    if (type != header_flag::REPLY || header.id != asked.id ||
        header.command != static_cast<std::uint16_t>(asked.command))
        return fail(Code::E_PROTO, "reply of type {} to command {} id {}, limit 1, {}, {}", type,
                    header.command.get(), header.id.get(), static_cast<unsigned>(asked.command), asked.id);
    const auto bytes = header.size - sizeof header;
    if ((header.flags & header_flag::ERROR) != 0) {
        QAIC_CHECK(skip(bytes, reply.fds, asked.until));
        const std::uint32_t error = header.error;
        if (error == 0 || error > most_errno)
            return fail(Code::E_PROTO, "error number got={} limit=1..{}", error, most_errno);
        const auto& row = row_of(asked.command);
        return Result<Reply>(
            fail(row.refusal, "{}: server refuses: {}", row.name, std::strerror(static_cast<int>(error))));
    }
    if (bytes > asked.most) return fail(Code::E_PROTO, "reply of {} bytes, limit {}", bytes, asked.most);
    reply.body.resize(bytes);
    QAIC_CHECK(socket_.receive(reply.body, reply.fds, asked.until));
    return Result<Reply>(std::move(reply));
}

// DMA_READ and DMA_WRITE: all memory of ours is shared by descriptor, so nobody has reason to ask. Taken off
// the stream whole, and refused.
Result<void> Client::refuse_command(const Header& header, std::vector<Fd>& fds, Nanos until)
{
    QAIC_CHECK(skip(header.size - sizeof header, fds, until));
    fds.clear();
    if ((header.flags & header_flag::NO_REPLY) != 0) return {};
    Header answer = header;
    answer.size = sizeof answer;
    answer.flags = header_flag::REPLY | header_flag::ERROR;
    answer.error = EOPNOTSUPP;
    return socket_.send(bytes_of(answer), -1, until);
}

Result<void> Client::skip(std::size_t bytes, std::vector<Fd>& fds, Nanos until)
{
    std::array<std::byte, 4096> sink;
    while (bytes != 0) {
        const auto piece = std::min(bytes, sink.size());
        QAIC_CHECK(socket_.receive(MutSpan(sink).first(piece), fds, until));
        bytes -= piece;
    }
    return {};
}

void Client::hang_up()
{
    const std::lock_guard guard(lock_);
    if (!lost()) give_up(Error{Code::E_REMOVED, fmt::format("{}: connection closed by us", name_)});
}

void Client::give_up(const Error& why)
{
    socket_.close();
    lost_at_.store(monotonic().count(), std::memory_order_relaxed);
    lost_.store(true, std::memory_order_release);
    if (on_lost_) on_lost_(why);
}

bool Client::server_ended() const noexcept
{
    if (!lost() || !server_) return false;
    const auto left = Nanos(lost_at_.load(std::memory_order_relaxed)) + limits_.gone - monotonic();
    pollfd p{server_.get(), POLLIN, 0};
    return ::poll(&p, 1, left > Nanos{0} ? static_cast<int>(left / 1ms + 1) : 0) > 0;
}

} // namespace qaic::vfu
