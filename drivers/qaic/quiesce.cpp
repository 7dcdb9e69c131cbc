// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/quiesce.hpp"
#include <cstring>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace qaic {
namespace {
long membarrier(int command) noexcept { return syscall(SYS_membarrier, command, 0, 0); }
} // namespace

Result<void> quiesce_setup()
{
    if (membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) != 0)
        return fail(Code::E_UNSUPP, "membarrier(2): {}: the driver needs Linux 4.14 or later",
                    std::strerror(errno));
    return {};
}

Result<void> quiesce_setup_shared()
{
    if (membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED) != 0)
        return fail(Code::E_UNSUPP, "membarrier(2): {}: secondary processes need Linux 4.16 or later",
                    std::strerror(errno));
    return {};
}

void quiesce_fence() noexcept
{
    std::atomic_thread_fence(std::memory_order_seq_cst);
    membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED); // cannot fail once registered
    membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED);  // fails before Linux 4.16, where no secondary attaches
}

Result<void> wait_outside(Bus& bus, const BurstMark& mark, Nanos limit, const std::function<bool()>& gone)
{
    const auto seen = mark.value();
    if (seen % 2 == 0) return {};
    auto left = wait_until(bus, "a burst call to return", limit, 10us,
                           [&] { return mark.value() != seen || (gone && gone()); });
    if (!left) return fail(Code::E_BUSY, "{}", left.error().text);
    return {};
}

} // namespace qaic
