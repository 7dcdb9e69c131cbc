// SPDX-License-Identifier: BSD-3-Clause
#include "card_server/client_seat.hpp"
#include <algorithm>
#include <cerrno>

namespace card_server {
using namespace vfio_user;
using namespace std::chrono_literals;
namespace {

constexpr std::size_t most_refusals = 8; // those beyond are closed without an answer
constexpr Nanos refusal_time = 1s;
constexpr unsigned rounds_per_accept = 32;

/// EBUSY to whatever the client asked.
bool send_busy(SocketChannel& channel, ConstSpan first)
{
    const auto asked = qaic::read_at<Header>(first);
    if (!asked) return false;
    const Header busy{asked->id, asked->command, std::uint32_t{sizeof(Header)},
                      header_flag::REPLY | header_flag::ERROR, std::uint32_t{EBUSY}};
    return channel.send(qaic::bytes_of(busy), -1, Nanos{0});
}

} // namespace

ClientSeat::ClientSeat(Listener listener, Device& device, const qaic::Clock& clock, SessionLimits limits,
                       Log log)
    : listener_(std::move(listener)), device_(device), clock_(clock), limits_(limits), log_(std::move(log))
{}

bool ClientSeat::step()
{
    bool did = false;
    if (seated_) {
        did = seated_->session.step();
        if (seated_->session.ended()) {
            broken_ += seated_->session.misbehaved() ? 1 : 0;
            log_("client gone: " + seated_->session.reason());
            seated_.reset();
            ended_ = did = true;
        }
    }
    // Who comes second can wait for a moment: asking for it costs the attached client a system call a round.
    if (!seated_ || ++round_ % rounds_per_accept == 0) did |= take_connection();
    if (!refusals_.empty()) did |= answer_refused();
    return did;
}

bool ClientSeat::take_connection()
{
    std::string reason;
    auto socket = listener_.accept(reason);
    if (!reason.empty()) {
        ++refused_;
        log_("connection refused: " + reason);
        return true;
    }
    if (!socket) return false;
    if (seated_) return refuse(std::move(socket)), true;
    ++accepted_;
    seated_ = std::make_unique<Seated>(std::move(socket), device_, clock_, limits_);
    log_("client attached");
    return true;
}

void ClientSeat::refuse(Fd socket)
{
    ++refused_;
    log_("connection refused: another client is attached (one at a time)");
    if (refusals_.size() < most_refusals)
        refusals_.push_back({SocketChannel(std::move(socket)), clock_.now() + refusal_time});
}

bool ClientSeat::answer_refused()
{
    const auto done = [this](Refused& one) {
        std::array<std::byte, sizeof(Header)> first{};
        std::size_t bytes = 0;
        std::vector<Fd> fds;
        const auto input = one.channel.receive(first, bytes, fds, Nanos{0});
        if (input == Channel::Input::DATA) (void)send_busy(one.channel, ConstSpan(first).first(bytes));
        return input != Channel::Input::NOTHING || clock_.now() >= one.until;
    };
    return refusals_.remove_if(done) > 0;
}

std::vector<pollfd> ClientSeat::wait_for() const
{
    std::vector<pollfd> list{{listener_.fd(), POLLIN, 0}};
    if (seated_) list.push_back({seated_->channel.fd(), POLLIN, 0});
    for (const auto& one : refusals_) list.push_back({one.channel.fd(), POLLIN, 0});
    return list;
}

Nanos ClientSeat::patience() const
{
    if (seated_ && seated_->session.backlog()) return Nanos{0};
    const bool watched = !refusals_.empty() || (seated_ && seated_->session.deadline_running());
    return watched ? std::min<Nanos>(limits_.message / 4, 50ms) : Nanos{1s};
}

} // namespace card_server
