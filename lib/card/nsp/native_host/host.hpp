// SPDX-License-Identifier: BSD-3-Clause
// The process that runs a host-native program: memories, NSPs and their threads, and how it dies. One program
// a process, so all of it is one object with static storage.
#pragma once
#include "card/nsp/native_arena.hpp"
#include "nsp_sdk/qaic_nsp.h"
#include <array>
#include <csetjmp>
#include <csignal>
#include <string>

namespace nsp_host {
using namespace card;

struct Nsp {
    unsigned id = 0;
    std::byte *l2tcm = nullptr, *vtcm = nullptr;
    std::byte* windows = nullptr; ///< send windows: address space without memory
    std::byte* heap = nullptr;
    std::array<qaic_nsp_semaphore, 32> semaphores{};
    std::array<std::uint64_t, max_mcids> send_windows{};
    qaic_nsp_context context{};
    std::uint32_t udma_state = 0, udma_at = 0; ///< DM0: 0 idle, 2 error; L2TCM offset of the last descriptor
    std::uint64_t image = 0;                   ///< where its copy of the program was loaded
};

/// One thread of one NSP.
struct Thread {
    Nsp* nsp = nullptr;
    unsigned index = 0;
    std::uint32_t seen = 0; ///< value of NativeShared::wake at its last look
    std::jmp_buf leave;     ///< exit service
};

struct Host {
    const NativeSetup* setup = nullptr;
    NativeShared* shared = nullptr;
    const std::byte* elf = nullptr;
    const std::byte* constants = nullptr;
    std::byte* ddr = nullptr;
    bool echo_log = false; ///< $QAIC_NSP_LOG: lines go to standard error too
    std::array<Nsp, max_nsps> nsps;
    std::uint64_t utc_offset = 0;
};

extern Host host;
extern thread_local Thread* self; ///< null on threads that are not an NSP's

/// Takes the memory file apart; the text says what is wrong with it.
[[nodiscard]] std::string map_arena(int fd);
/// Loads one copy of the program for each NSP.
[[nodiscard]] std::string load_images();
/// Fills context, semaphores and windows of an NSP.
[[nodiscard]] std::string prepare(Nsp& nsp);
/// Runs all threads to their end.
[[nodiscard]] std::string run_threads();

/// Tells the card what happened, then ends the process. Safe in a signal handler; of several deaths the first
/// is told.
[[noreturn]] void die(int signal, std::uint64_t address, const char* text) noexcept;
void catch_signals() noexcept;
/// Every thread needs a stack of its own for the handlers: its first may have overflowed. While this lives it
/// is `memory`; then what it was before, for a sanitizer's own belongs to its run-time library.
class HandlerStack {
  public:
    HandlerStack(std::byte* memory, std::size_t bytes) noexcept;
    ~HandlerStack();
    HandlerStack(const HandlerStack&) = delete;
    HandlerStack& operator=(const HandlerStack&) = delete;

  private:
    stack_t before_{};
};

// services.cpp, udma.cpp
void add_services(qaic_nsp_context& context) noexcept;
void log_line(std::uint32_t mask, const char* text) noexcept;
void run_udma(qaic_nsp_udma* first) noexcept;
[[nodiscard]] int reprogram(std::uint16_t mcid, std::uint64_t base, std::uint32_t mask,
                            std::uint32_t space) noexcept;
void wake_all() noexcept;
[[nodiscard]] Thread& me() noexcept;

} // namespace nsp_host
