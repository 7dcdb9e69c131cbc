// SPDX-License-Identifier: BSD-3-Clause
#include "card_server/task_queue.hpp"
#include <cerrno>
#include <sys/eventfd.h>
#include <system_error>

namespace card_server {

TaskQueue::TaskQueue() : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC))
{
    if (!wake_) throw std::system_error(errno, std::generic_category(), "eventfd");
}

void TaskQueue::wake() const noexcept
{
    const std::uint64_t one = 1;
    const auto written = ::write(wake_.get(), &one, sizeof(one));
    static_cast<void>(written); // full: it is awake
}

bool TaskQueue::run_and_wait(Task task, qaic::Nanos limit)
{
    auto entry = std::make_shared<Entry>(Entry{std::move(task)});
    std::unique_lock lock(mutex_);
    waiting_.push_back(entry);
    any_.store(true, std::memory_order_release);
    wake();
    return finished_.wait_for(lock, limit, [&entry] { return entry->done; });
}

bool TaskQueue::run(const std::function<void(const Task&)>& how)
{
    if (!any_.load(std::memory_order_acquire)) return false;
    std::unique_lock lock(mutex_);
    std::uint64_t count = 0;
    const auto got = ::read(wake_.get(), &count, sizeof(count));
    static_cast<void>(got);
    auto tasks = std::exchange(waiting_, {});
    any_.store(false, std::memory_order_release);
    lock.unlock();
    for (const auto& entry : tasks) {
        how(entry->task);
        lock.lock();
        entry->done = true;
        lock.unlock();
    }
    finished_.notify_all();
    return !tasks.empty();
}

} // namespace card_server
