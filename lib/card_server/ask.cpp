// SPDX-License-Identifier: BSD-3-Clause
#include "card_server/ask.hpp"
#include "vfio_user/listener.hpp"
#include "vfio_user/socket_channel.hpp"
#include <array>

namespace card_server {
using namespace qaic;
using namespace std::chrono_literals;

Result<std::string> ask(const std::string& path, const std::string& request)
{
    if (request.find('\n') != std::string::npos) return fail(Code::E_INVAL, "a request is one line");
    QAIC_TRY(auto socket, vfio_user::connect_to(path));
    vfio_user::SocketChannel channel(std::move(socket));
    const auto line = request + '\n';
    if (!channel.send(std::as_bytes(std::span(line)), -1, 2s))
        return fail(Code::E_REMOVED, "{}: hung up", path);
    const SteadyClock clock;
    const auto until = clock.now() + 10s;
    std::string got;
    while (got.find('\n') == std::string::npos) {
        std::array<std::byte, 4096> chunk{};
        std::size_t bytes = 0;
        std::vector<vfio_user::Fd> fds;
        const auto left = until - clock.now();
        if (left <= Nanos{0}) return fail(Code::E_TIMEOUT, "{}: no answer for 10 s", path);
        const auto input = channel.receive(chunk, bytes, fds, left);
        if (input == vfio_user::Channel::Input::NOTHING) continue;
        if (input != vfio_user::Channel::Input::DATA) return fail(Code::E_REMOVED, "{}: hung up", path);
        got.append(reinterpret_cast<const char*>(chunk.data()), bytes);
    }
    got.resize(got.find('\n'));
    return got;
}

} // namespace card_server
