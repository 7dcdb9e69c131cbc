// SPDX-License-Identifier: BSD-3-Clause
// Memory that an activation of a host-native program shares with the process that runs it: one memory file
// with what the process needs to start, the words both poll, and the memories of the NSPs. Until the process
// has started only the card writes to it; after that the card trusts no word in it and reads back only
// NativeShared. aic100-workload.md 7.9
#pragma once
#include "aic100/wire/nsp_native.hpp"
#include "card/nsp/program.hpp"
#include <memory>
#include <span>

namespace card {

inline constexpr std::uint32_t native_magic = 0x54414e51, native_version = 1; ///< "QNAT"
inline constexpr int native_arena_fd = 3, native_lifeline_fd = 4;             ///< in the process
inline constexpr std::size_t native_log_bytes = 16384, native_text_bytes = 256;

struct NativePart {
    std::uint64_t offset = 0, bytes = 0; ///< in the memory file
};

/// One multicast id of one NSP (workload 4.3.5).
struct NativeWindow {
    std::uint64_t base = 0;                                ///< receive side: where it lands
    std::uint32_t send_mask = 0;                           ///< send side: NSPs that receive
    std::uint8_t vtcm = 0, dynamic = 0, host = 0, pad = 0; ///< host: it writes to this id too
};
static_assert(sizeof(NativeWindow) == 16);

/// Read once, when the process starts.
struct NativeSetup {
    std::uint32_t magic, version;
    std::uint32_t nsps, threads, mcids, semaphores;
    std::uint32_t l2tcm_bytes, vtcm_bytes;
    NativePart elf, constants, on_chip, ddr; ///< on_chip: `on_chip_stride` for each NSP, L2TCM then VTCM
    std::uint64_t static_constants, static_ddr, dynamic_ddr_at, dynamic_ddr;
    std::uint64_t on_chip_stride, heap_bytes, exit_doorbell;
    std::uint32_t l2_cached_bytes, pad;
    std::uint64_t entry[aic100::nsp_max_threads];
    std::int64_t constants_at[max_nsps]; ///< in the static constants; -1 = not mapped to this NSP
    NativeWindow windows[max_nsps][max_mcids];
};

enum class NativeState : std::uint32_t { STARTING = 0, RUNNING = 1, EXITED = 2, CRASHED = 3 };

/// Words both sides poll, with atomic accesses only. Each group has cache lines of its own.
struct NativeShared {
    alignas(64) std::uint32_t wake; ///< counts writes from outside; what paused threads sleep on
    std::uint32_t sleepers;
    alignas(64) std::uint32_t exit_asked; ///< 1 once the exit doorbells were rung
    alignas(64) std::uint32_t state;      ///< NativeState, by the process
    std::uint32_t crash_signal, crash_nsp, crash_thread;
    std::uint64_t crash_address;
    char crash_text[native_text_bytes];
    alignas(64) std::uint64_t log_written; ///< bytes ever; the last native_log_bytes are in `log`
    char log[native_log_bytes];
    /// Semaphore commands: a program stores, the card takes with an exchange (workload 7.5). Index: number.
    alignas(128) std::uint32_t commands[max_nsps][32];
};

struct NativeHeader {
    NativeSetup setup;
    NativeShared shared;
};

/// What of an activation goes into the arena, beside the program.
struct NativeSources {
    ConstSpan elf, constants; ///< constants: static, then dynamic
};

class NativeArena {
  public:
    /// Nothing when the machine refuses the memory. L2TCM holds its initial state; the file cannot be resized
    /// by anybody.
    [[nodiscard]] static std::shared_ptr<NativeArena> create(const Program& program,
                                                             const NativeSources& sources);
    ~NativeArena();
    NativeArena(const NativeArena&) = delete;
    NativeArena& operator=(const NativeArena&) = delete;

    [[nodiscard]] int fd() const noexcept { return fd_; }
    [[nodiscard]] NativeShared& shared() const noexcept { return header().shared; }
    [[nodiscard]] std::byte* on_chip(unsigned nsp) const noexcept
    {
        return memory_ + on_chip_ + nsp * on_chip_stride_;
    }
    [[nodiscard]] MutSpan ddr() const noexcept { return {memory_ + ddr_, ddr_bytes_}; }

    /// Wakes the threads of the process that pause. Never blocks.
    void wake() noexcept;
    /// Tells the process that the exit doorbells were rung.
    void wake_exit() noexcept;

  private:
    NativeArena() = default;
    [[nodiscard]] bool map(std::uint64_t bytes);
    [[nodiscard]] NativeHeader& header() const noexcept { return *reinterpret_cast<NativeHeader*>(memory_); }

    int fd_ = -1;
    std::byte* memory_ = nullptr;
    std::uint64_t bytes_ = 0, on_chip_ = 0, on_chip_stride_ = 0, ddr_ = 0, ddr_bytes_ = 0;
};

} // namespace card
