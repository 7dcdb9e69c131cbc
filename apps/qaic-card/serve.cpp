// SPDX-License-Identifier: BSD-3-Clause
#include "serve.hpp"
#include "card_server/card_thread.hpp"
#include "control_socket.hpp"
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/signalfd.h>

namespace card_app {
namespace {

/// Blocked here and in every thread made later; read from a descriptor.
Result<vfio_user::Fd> catch_signals()
{
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGINT, SIGTERM, SIGUSR1}) sigaddset(&set, number);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    vfio_user::Fd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd) return fail(Code::E_NOMEM, "signalfd: {}", std::strerror(errno));
    return fd;
}

Result<Cards> make_cards(std::vector<CardEntry> entries)
{
    Cards cards;
    for (auto& entry : entries) {
        entry.options.log = [number = cards.size()](const std::string& line) {
            fmt::print(stderr, "qaic-card: card {}: {}\n", number, line);
        };
        QAIC_TRY(auto card,
                 card_server::ServedCard::create(std::move(entry.config), std::move(entry.options)));
        cards.push_back(std::move(card));
    }
    return cards;
}

/// Counters hold no secrets, yet the file is ours alone and no link is followed (reliability.md 8.2).
Result<vfio_user::Fd> open_stats(const std::string& path)
{
    if (path.empty()) return vfio_user::Fd{};
    vfio_user::Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) return fail(Code::E_INVAL, "--stats {}: {}", path, std::strerror(errno));
    return fd;
}

Result<void> write_stats(const vfio_user::Fd& fd, const std::string& path, const Cards& cards)
{
    const auto text = all_stats(cards, 2) + '\n';
    const auto written = ::ftruncate(fd.get(), 0) == 0 ? ::write(fd.get(), text.data(), text.size()) : -1;
    if (written == static_cast<ssize_t>(text.size())) return {};
    return fail(Code::E_INVAL, "--stats {}: {}", path, std::strerror(errno));
}

/// True when it is time to go.
bool take_signals(const vfio_user::Fd& fd, const Cards& cards)
{
    signalfd_siginfo info = {};
    while (::read(fd.get(), &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo != SIGUSR1) return true;
        fmt::print("{}\n", all_stats(cards));
        std::fflush(stdout);
    }
    return false;
}

void run(const vfio_user::Fd& signals, std::optional<ControlSocket>& control, const Cards& cards)
{
    while (!take_signals(signals, cards)) {
        std::vector<pollfd> list;
        if (control) list = control->wait_for();
        list.push_back({signals.get(), POLLIN, 0});
        (void)::poll(list.data(), list.size(), -1);
        if (control) control->serve();
    }
}

using Threads = std::vector<std::unique_ptr<card_server::CardThread>>;

/// Card i is served by thread i modulo their number; by one of its own when nobody says how many.
Threads start(const Cards& cards, unsigned count)
{
    Threads threads;
    std::vector<std::vector<card_server::ServedCard*>> shares(std::min<std::size_t>(count, cards.size()));
    for (std::size_t i = 0; i < cards.size(); ++i) {
        if (shares.empty())
            cards[i]->start();
        else
            shares[i % shares.size()].push_back(cards[i].get());
    }
    for (auto& share : shares) {
        threads.push_back(std::make_unique<card_server::CardThread>(std::move(share)));
        threads.back()->start();
    }
    return threads;
}

} // namespace

Result<void> serve(ServeOptions options)
{
    QAIC_TRY(const auto signals, catch_signals());
    QAIC_TRY(const auto stats, open_stats(options.stats));
    QAIC_TRY(const auto cards, make_cards(std::move(options.fleet.cards)));
    std::optional<ControlSocket> control;
    if (!options.control.empty()) {
        QAIC_TRY(auto listener, vfio_user::Listener::open(options.control, {.backlog = 8}));
        control.emplace(std::move(listener), cards);
    }
    const auto threads = start(cards, options.fleet.threads);
    for (std::size_t i = 0; i < cards.size(); ++i)
        fmt::print("qaic-card: card {} ({:04x}:{:04x}, serial {}) on {}\n", i, aic100::pci_vendor,
                   cards[i]->config().pci_device, cards[i]->config().board_serial, cards[i]->socket());
    std::fflush(stdout);
    run(signals, control, cards);
    for (const auto& thread : threads) thread->stop();
    for (const auto& card : cards) card->stop();
    return stats ? write_stats(stats, options.stats, cards) : Result<void>{};
}

} // namespace card_app
