// SPDX-License-Identifier: BSD-3-Clause
#include "base/ordered_copy.hpp"
#include "qaic/bus/in_process.hpp"
#include <cstring>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

namespace qaic {

InProcessLink::InProcessLink(card::CardConfig config, const Clock& clock)
    : clock_(clock), card_(std::make_unique<card::Card>(std::move(config), *this, clock))
{
    for (auto& fd : msi_fds_) fd.store(-1, std::memory_order_relaxed);
}

InProcessLink::~InProcessLink()
{
    stop();
    for (auto& fd : msi_fds_)
        if (fd.load() >= 0) ::close(fd.load());
}

Result<int> InProcessLink::msi_fd(unsigned vector)
{
    if (vector >= msi_fds_.size())
        return fail(Code::E_INVAL, "MSI vector got={} limit={}", vector, msi_fds_.size());
    auto& fd = msi_fds_[vector];
    if (fd.load() >= 0) return fd.load();
    const int made = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (made < 0) return fail(Code::E_NOMEM, "eventfd for MSI {}: {}", vector, std::strerror(errno));
    fd.store(made, std::memory_order_release);
    return made;
}

bool InProcessLink::read(std::uint64_t iova, MutSpan to) noexcept
{
    auto* out = to.data();
    const bool ok = map_.visit(iova, to.size(), [&](const std::byte* va, std::uint64_t bytes) {
        std::memcpy(out, va, bytes);
        out += bytes;
    });
    if (!ok) refused_.fetch_add(1, std::memory_order_relaxed);
    return ok;
}

bool InProcessLink::write(std::uint64_t iova, ConstSpan from) noexcept
{
    const auto* in = from.data();
    const bool ok = map_.visit(iova, from.size(), [&](std::byte* va, std::uint64_t bytes) {
        ordered_copy(va, in, bytes);
        in += bytes;
    });
    if (!ok) refused_.fetch_add(1, std::memory_order_relaxed);
    return ok;
}

void InProcessLink::raise_msi(unsigned vector) noexcept
{
    if (vector >= msi_.size()) return;
    msi_[vector].fetch_add(1, std::memory_order_release);
    if (msi_hook_) msi_hook_(vector);
    if (const int fd = msi_fds_[vector].load(std::memory_order_acquire); fd >= 0)
        (void)::eventfd_write(fd, 1);
}

std::uint64_t InProcessLink::msi_count(unsigned vector) const noexcept
{
    return vector < msi_.size() ? msi_[vector].load(std::memory_order_acquire) : 0;
}

bool InProcessLink::step()
{
    // A poll loop that re-takes the lock at once would starve map changes for ever.
    while (changes_.load(std::memory_order_acquire) != 0) std::this_thread::yield();
    const std::lock_guard guard(dma_);
    return card_->poll();
}

template<class Change>
auto InProcessLink::change(Change&& how)
{
    changes_.fetch_add(1, std::memory_order_acq_rel);
    const std::lock_guard guard(dma_);
    changes_.fetch_sub(1, std::memory_order_acq_rel);
    return how();
}

Result<void> InProcessLink::map(Iova iova, std::byte* va, std::size_t bytes)
{
    return change([&] {
        auto added = map_.add(iova.value, va, bytes);
        if (added) reach_.add(iova.value, bytes);
        return added;
    });
}

Result<void> InProcessLink::unmap(Iova iova, std::size_t bytes)
{
    return change([&] {
        auto removed = map_.remove(iova.value, bytes);
        if (removed) reach_.remove(iova.value, bytes);
        return removed;
    });
}

void InProcessLink::punch(Iova iova, std::size_t bytes)
{
    change([&] {
        reach_.remove(iova.value, bytes);
        map_.punch(iova.value, bytes);
    });
}

std::size_t InProcessLink::maps()
{
    return change([&] { return map_.size(); });
}

Result<void> InProcessLink::start(const ThreadStarter& starter, Idle idle)
{
    if (join_) return fail(Code::E_BUSY, "emulated card: poll thread runs already");
    stop_.store(false, std::memory_order_relaxed);
    QAIC_TRY(join_, starter([this, idle] { run(idle); }));
    return {};
}

void InProcessLink::stop() noexcept
{
    if (!join_) return;
    stop_.store(true, std::memory_order_release);
    join_();
    join_ = nullptr;
}

void InProcessLink::run(Idle idle)
{
    unsigned quiet = 0;
    while (!stop_.load(std::memory_order_acquire)) {
        if (step())
            quiet = 0;
        else if (quiet < idle.spins)
            ++quiet;
        else if (idle.sleep > Nanos{0})
            std::this_thread::sleep_for(idle.sleep);
    }
}

} // namespace qaic
