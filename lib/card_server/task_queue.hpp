// SPDX-License-Identifier: BSD-3-Clause
// Work that other threads hand to the card's thread.
#pragma once
#include "card_server/served_card.hpp"
#include "vfio_user/fd.hpp"
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>

namespace card_server {

class TaskQueue {
  public:
    using Task = ServedCard::Task;
    TaskQueue();
    /// Becomes readable when there is work.
    [[nodiscard]] int fd() const noexcept { return wake_.get(); }
    void wake() const noexcept;

    /// Any thread but the card's. False when the task was not done within `limit`.
    [[nodiscard]] bool run_and_wait(Task task, qaic::Nanos limit);
    /// The card's thread: hands every waiting task to `how`. True when there was one.
    bool run(const std::function<void(const Task&)>& how);

  private:
    struct Entry {
        Task task;
        bool done = false;
    };
    vfio_user::Fd wake_;
    std::mutex mutex_;
    std::condition_variable finished_;
    std::deque<std::shared_ptr<Entry>> waiting_;
    std::atomic<bool> any_{false};
};

} // namespace card_server
