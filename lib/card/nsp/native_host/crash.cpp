// SPDX-License-Identifier: BSD-3-Clause
// How the process dies: the card is told signal, address, NSP and thread, and restarts the subsystem.
#include "card/nsp/native_host/host.hpp"
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>
#include <unistd.h>

namespace nsp_host {
namespace {
constexpr int told_exit_code = 112;

struct Row {
    int number;
    const char* text;
};
constexpr Row signals[] = {
    {SIGSEGV, "access to memory that is not there"},
    {SIGBUS, "bus error"},
    {SIGILL, "illegal instruction"},
    {SIGFPE, "arithmetic error"},
    {SIGABRT, "abort"},
    {SIGTRAP, "trap"},
};

void on_signal(int number, siginfo_t* info, void* /*context*/)
{
    const auto* row = std::find_if(std::begin(signals), std::end(signals),
                                   [number](const Row& r) { return r.number == number; });
    const bool has_address = number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE;
    die(number, has_address ? reinterpret_cast<std::uintptr_t>(info->si_addr) : 0,
        row == std::end(signals) ? "signal" : row->text);
}
} // namespace

void die(int signal, std::uint64_t address, const char* text) noexcept
{
    static std::atomic_flag told = ATOMIC_FLAG_INIT;
    while (told.test_and_set()) ::pause(); // somebody else dies already and takes us along
    auto& s = *host.shared;
    s.crash_signal = static_cast<std::uint32_t>(signal);
    s.crash_address = address;
    s.crash_nsp = self != nullptr ? self->nsp->id : 0;
    s.crash_thread = self != nullptr ? self->index : 0;
    const auto length = std::min(std::strlen(text), sizeof(s.crash_text) - 1);
    std::memcpy(s.crash_text, text, length);
    s.crash_text[length] = '\0';
    std::atomic_ref(s.state).store(static_cast<std::uint32_t>(NativeState::CRASHED),
                                   std::memory_order_release);
    if (signal == 0) ::_exit(told_exit_code);
    struct sigaction plain {};
    plain.sa_handler = SIG_DFL;
    ::sigaction(signal, &plain, nullptr);
    sigset_t one;
    ::sigemptyset(&one);
    ::sigaddset(&one, signal);
    ::pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
    ::raise(signal);
    ::_exit(told_exit_code);
}

void catch_signals() noexcept
{
    struct sigaction action {};
    action.sa_sigaction = &on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigfillset(&action.sa_mask);
    for (const auto& row : signals) ::sigaction(row.number, &action, nullptr);
}

HandlerStack::HandlerStack(std::byte* memory, std::size_t bytes) noexcept
{
    stack_t stack{};
    stack.ss_sp = memory;
    stack.ss_size = bytes;
    ::sigaltstack(&stack, &before_);
}

HandlerStack::~HandlerStack() { ::sigaltstack(&before_, nullptr); }

} // namespace nsp_host
