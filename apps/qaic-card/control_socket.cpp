// SPDX-License-Identifier: BSD-3-Clause
#include "control_socket.hpp"
#include <fmt/format.h>

namespace card_app {
namespace {

using namespace std::chrono_literals;
constexpr std::size_t most_peers = 8, longest_line = 64u << 10;

bool send(vfio_user::SocketChannel& channel, std::string text)
{
    text += '\n';
    return channel.send(std::as_bytes(std::span(text)), -1, 1s);
}

} // namespace

std::vector<pollfd> ControlSocket::wait_for() const
{
    std::vector<pollfd> list{{listener_.fd(), POLLIN, 0}};
    for (const auto& peer : peers_) list.push_back({peer.channel.fd(), POLLIN, 0});
    return list;
}

void ControlSocket::serve()
{
    std::string refused;
    auto socket = listener_.accept(refused);
    if (!refused.empty()) fmt::print(stderr, "qaic-card: control: {}\n", refused);
    if (socket) {
        vfio_user::SocketChannel channel(std::move(socket));
        if (peers_.size() < most_peers)
            peers_.push_back({std::move(channel), {}});
        else
            (void)send(channel, fmt::format(R"({{"ok":false,"error":"E_LIMIT: {} control connections"}})",
                                            most_peers));
    }
    peers_.remove_if([this](Peer& peer) { return !serve(peer); });
}

bool ControlSocket::serve(Peer& peer)
{
    std::array<std::byte, 4096> chunk{};
    std::size_t bytes = 0;
    std::vector<vfio_user::Fd> fds;
    switch (peer.channel.receive(chunk, bytes, fds, 0s)) {
    case vfio_user::Channel::Input::NOTHING: return true;
    case vfio_user::Channel::Input::DATA: break;
    default: return false;
    }
    peer.line.append(reinterpret_cast<const char*>(chunk.data()), bytes);
    return answer_lines(peer);
}

bool ControlSocket::answer_lines(Peer& peer)
{
    for (auto end = peer.line.find('\n'); end != std::string::npos; end = peer.line.find('\n')) {
        if (!send(peer.channel, answer(std::string_view(peer.line).substr(0, end), cards_))) return false;
        peer.line.erase(0, end + 1);
    }
    if (peer.line.size() <= longest_line) return true;
    (void)send(peer.channel,
               fmt::format(R"({{"ok":false,"error":"E_LIMIT: line of more than {} bytes"}})", longest_line));
    return false;
}

} // namespace card_app
