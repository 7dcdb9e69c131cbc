// SPDX-License-Identifier: BSD-3-Clause
#include "vfio_user/irq_table.hpp"
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <fmt/format.h>
#include <string_view>

namespace vfio_user {
namespace {

/// fstat() cannot tell an eventfd from other anonymous files; its name in /proc can.
bool is_eventfd(int fd)
{
    char name[64];
    const auto n = ::readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), name, sizeof(name));
    return n > 0 && std::string_view(name, static_cast<std::size_t>(n)) == "anon_inode:[eventfd]";
}

bool never_blocks(int fd)
{
    const int flags = ::fcntl(fd, F_GETFL);
    return flags >= 0 && ((flags & O_NONBLOCK) != 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0);
}

} // namespace

int IrqTable::arm(unsigned start, std::vector<Fd> fds)
{
    for (const auto& fd : fds)
        if (!is_eventfd(fd.get()) || !never_blocks(fd.get())) return EINVAL;
    for (std::size_t i = 0; i < fds.size(); ++i) eventfds_[start + i] = std::move(fds[i]);
    return 0;
}

void IrqTable::disarm(unsigned start, unsigned count) noexcept
{
    for (unsigned i = 0; i < count; ++i) eventfds_[start + i].reset();
}

unsigned IrqTable::armed() const noexcept
{
    for (unsigned i = count(); i > 0; --i)
        if (eventfds_[i - 1]) return i;
    return 0;
}

void IrqTable::signal(unsigned irq) const noexcept
{
    if (irq >= count() || !eventfds_[irq]) return;
    const std::uint64_t one = 1;
    // Full (EAGAIN) means the client has more than enough news waiting; anything else is its own loss.
    const auto written = ::write(eventfds_[irq].get(), &one, sizeof(one));
    static_cast<void>(written);
}

} // namespace vfio_user
