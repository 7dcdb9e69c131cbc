// SPDX-License-Identifier: BSD-3-Clause
// The device's DMA: through mapped memory, or by DMA_READ and DMA_WRITE where the client gave no descriptor.
#include "vfio_user/session.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace vfio_user {

bool Session::dma_read(std::uint64_t address, MutSpan to)
{
    if (ended()) return false;
    const bool ok = dma_.read(address, to);
    if (dma_.broken()) end("a file that the client mapped has shrunk");
    return ok;
}

bool Session::dma_write(std::uint64_t address, ConstSpan from)
{
    if (ended()) return false;
    const bool ok = dma_.write(address, from);
    if (dma_.broken()) end("a file that the client mapped has shrunk");
    return ok;
}

bool Session::read(std::uint64_t address, MutSpan to)
{
    while (!to.empty()) {
        const auto n = std::min<std::size_t>(to.size(), peer_.max_transfer);
        const auto reply = ask(Command::DMA_READ, qaic::bytes_of(DmaAccess{address, n}));
        if (!reply || reply->body.size() != sizeof(DmaAccess) + n) return false;
        std::memcpy(to.data(), reply->body.data() + sizeof(DmaAccess), n);
        to = to.subspan(n);
        address += n;
    }
    return true;
}

bool Session::write(std::uint64_t address, ConstSpan from)
{
    while (!from.empty()) {
        const auto n = std::min<std::size_t>(from.size(), peer_.max_transfer);
        Bytes body;
        qaic::append(body, DmaAccess{address, n});
        body.insert(body.end(), from.begin(), from.begin() + static_cast<std::ptrdiff_t>(n));
        if (!ask(Command::DMA_WRITE, body)) return false;
        from = from.subspan(n);
        address += n;
    }
    return true;
}

/// Sends a command and waits for its reply; nothing when the client refused or the session is over.
std::optional<Message> Session::ask(Command command, ConstSpan body)
{
    if (ended()) return std::nullopt;
    const auto id = next_id_++;
    Bytes message;
    qaic::append(message,
                 Header{id, static_cast<std::uint16_t>(command),
                        static_cast<std::uint32_t>(sizeof(Header) + body.size()), header_flag::COMMAND, 0u});
    message.insert(message.end(), body.begin(), body.end());
    if (!channel_.send(message, -1, limits_.message)) {
        end("client does not take DMA messages");
        return std::nullopt;
    }
    auto reply = wait_reply(command, id);
    if (!reply || (reply->header.flags & header_flag::ERROR) != 0) return std::nullopt;
    return reply;
}

/// The client may send commands before its reply: they stay queued for step().
std::optional<Message> Session::wait_reply(Command command, std::uint16_t id)
{
    const auto until = clock_.now() + limits_.message;
    while (!ended()) {
        if (auto reply = frames_.next_reply()) {
            const bool ours = reply->header.id == id && reply->fds.empty() &&
                              reply->header.command == static_cast<std::uint16_t>(command);
            if (ours) return reply;
            end(fmt::format("reply with id {} instead of {}", reply->header.id.get(), id));
            return std::nullopt;
        }
        const auto left = until - clock_.now();
        if (left <= Nanos{0}) {
            end("no reply to a DMA message");
            return std::nullopt;
        }
        receive(left);
    }
    return std::nullopt;
}

} // namespace vfio_user
