// SPDX-License-Identifier: BSD-3-Clause
// Several cards in one thread: sixteen that share a core need one loop, and not sixteen that take turns by
// the scheduler's slices.
#pragma once
#include "card_server/served_card.hpp"
#include <atomic>
#include <thread>

namespace card_server {

class CardThread {
  public:
    /// The cards are not started otherwise and outlive this. It sleeps when all of them may (Options::idle).
    explicit CardThread(std::vector<ServedCard*> cards);
    ~CardThread(); ///< stops
    CardThread(const CardThread&) = delete;
    CardThread& operator=(const CardThread&) = delete;

    void start();
    void stop() noexcept;

  private:
    void serve();
    bool look();
    bool look_at(std::size_t card);
    void list_waits();
    [[nodiscard]] qaic::Nanos patience() const;

    const qaic::SteadyClock clock_;
    std::vector<ServedCard*> cards_;
    bool idle_;
    std::vector<pollfd> waits_;      ///< of all cards, one after the other
    std::vector<std::size_t> owner_; ///< whose each of them is
    bool listed_ = false;
    qaic::Nanos next_look_{0}, next_full_{0};
    std::thread thread_;
    std::atomic<bool> stopping_{false};
};

/// Waits until one of `list` is readable, or for `most`.
void wait_for_any(std::vector<pollfd>& list, qaic::Nanos most);

} // namespace card_server
