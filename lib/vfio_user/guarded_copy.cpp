// SPDX-License-Identifier: BSD-3-Clause
#include "vfio_user/guarded_copy.hpp"
#include <atomic>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <sys/mman.h>

namespace vfio_user {
namespace {

struct Range {
    volatile std::uintptr_t base = 0, bytes = 0;
    volatile std::sig_atomic_t hit = 0;
};
// Constant-initialised, so that the handler's access needs no lazy set-up.
constinit thread_local Range guarded;
struct sigaction earlier;

/// Only what is safe in a signal handler: looks at this thread's range, and one system call.
void on_bus_error(int number, siginfo_t* info, void* context)
{
    const auto at = reinterpret_cast<std::uintptr_t>(info->si_addr);
    if (at - guarded.base < guarded.bytes) {
        void* base = reinterpret_cast<void*>(static_cast<std::uintptr_t>(guarded.base));
        void* got = ::mmap(base, guarded.bytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
        if (got == base) {
            guarded.hit = 1;
            return;
        }
    }
    if ((earlier.sa_flags & SA_SIGINFO) != 0 && earlier.sa_sigaction != nullptr)
        return earlier.sa_sigaction(number, info, context);
    if (earlier.sa_handler != SIG_DFL && earlier.sa_handler != SIG_IGN) return earlier.sa_handler(number);
    ::sigaction(SIGBUS, &earlier, nullptr); // the access happens again, and ends the process as it should
}

} // namespace

void install_bus_error_handler()
{
    static std::once_flag once;
    std::call_once(once, [] {
        struct sigaction action = {};
        action.sa_sigaction = on_bus_error;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        sigemptyset(&action.sa_mask);
        ::sigaction(SIGBUS, &action, &earlier);
    });
}

Guard::Guard(void* base, std::size_t bytes) noexcept
{
    guarded.hit = 0;
    guarded.base = reinterpret_cast<std::uintptr_t>(base);
    guarded.bytes = bytes;
    std::atomic_signal_fence(std::memory_order_seq_cst);
}

Guard::~Guard()
{
    std::atomic_signal_fence(std::memory_order_seq_cst);
    guarded.bytes = 0;
}

bool Guard::hit() const noexcept
{
    std::atomic_signal_fence(std::memory_order_seq_cst);
    return guarded.hit != 0;
}

} // namespace vfio_user
