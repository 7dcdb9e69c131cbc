// SPDX-License-Identifier: BSD-3-Clause
// One emulated card behind one vfio-user socket: what a process needs to offer a Cloud AI 100 to QEMU, or to
// a driver that speaks the protocol. The card keeps its state when a client goes.
#pragma once
#include "base/result.hpp"
#include "card/card.hpp"
#include "card_server/card_device.hpp"
#include <functional>
#include <memory>
#include <poll.h>
#include <string>
#include <sys/types.h>
#include <vector>

namespace card_server {
using namespace std::chrono_literals;

struct Options {
    std::string socket; ///< path; its directory must not be writable for everybody
    bool trap = false;  ///< every BAR access is a message, and counted
    bool idle = false;  ///< sleep when there is nothing to do, instead of spinning
    ResetKind reset = ResetKind::RESTART;
    std::vector<uid_t> allowed;     ///< users besides our own who may connect
    qaic::Nanos message_limit = 2s; ///< T_msg
    /// One line for people, without newline; any thread of this card. Default: nothing.
    std::function<void(const std::string&)> log;
};

class ServedCard {
  public:
    /// Binds the socket. Errors are those of vfio_user::Listener::open().
    [[nodiscard]] static qaic::Result<std::unique_ptr<ServedCard>> create(card::CardConfig config,
                                                                          Options options);
    ~ServedCard(); ///< stops

    /// Runs the card in a thread of its own until stop(). Not together with step().
    void start();
    void stop() noexcept;
    /// One round without a thread: connections, messages, card. Waits at most `wait` when there is nothing to
    /// do. True when anything was done.
    bool step(qaic::Nanos wait = qaic::Nanos{0});

    // ---- for who runs several cards in one thread (card_thread.hpp)
    /// From now on (or no longer) another thread than the callers of run() serves the card.
    void hosted(bool on) noexcept;
    /// What comes from outside: tasks, connections, messages. True when anything was done.
    bool look();
    /// One round of the card itself.
    bool poll();
    /// What there is to wait for, added to `list`, and for how long at most; 0 when there is something to do.
    void add_waits(std::vector<pollfd>& list) const;
    [[nodiscard]] qaic::Nanos patience() const;
    void wake() const noexcept;

    /// Runs `what` on the card's thread (or here, when none runs) and waits until it is done. False when that
    /// took longer than `limit`; it will then still be run.
    using Task = std::function<void(card::Card&, CardDevice&)>;
    bool run(Task what, qaic::Nanos limit = 2s);

    [[nodiscard]] const std::string& socket() const noexcept;
    [[nodiscard]] const card::CardConfig& config() const noexcept;
    [[nodiscard]] const Options& options() const noexcept;
    /// Any thread; what it was a moment ago.
    [[nodiscard]] bool attached() const noexcept;
    struct Connections {
        std::uint64_t accepted = 0, refused = 0, broken = 0; ///< broken: ended by an error of the client
    };
    [[nodiscard]] Connections connections() const noexcept;

  private:
    struct Impl;
    explicit ServedCard(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace card_server
