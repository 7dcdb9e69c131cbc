// SPDX-License-Identifier: BSD-3-Clause
// A host-native program at work: its process, and the words it shares with the card. The program does all by
// itself; the card takes its semaphore commands, wakes it when the DMA Bridge wrote to its memory, and looks
// after its end. aic100-workload.md 7.5, 7.9
#pragma once
#include "card/dma/semaphores.hpp"
#include "card/nsp/memory.hpp"
#include "card/nsp/native_process.hpp"
#include "card/nsp/workload.hpp"

namespace card {

/// What a NativeWorkload refers to; everything outlives it.
struct NativePorts {
    ActivationMemory& memory;
    Semaphores& semaphores;
    ProcessYard& yard;
    const Clock& clock;
};

class NativeWorkload final : public Workload {
  public:
    /// Nothing when the process cannot be started.
    [[nodiscard]] static std::unique_ptr<NativeWorkload> start(const Program& program, NativePorts ports,
                                                               std::shared_ptr<NativeArena> arena);
    /// The process goes to the yard: with a moment's grace after exit(), without otherwise.
    ~NativeWorkload() override;
    NativeWorkload(const NativeWorkload&) = delete;
    NativeWorkload& operator=(const NativeWorkload&) = delete;

    bool step() override;
    [[nodiscard]] std::optional<Nanos> due() const noexcept override;
    [[nodiscard]] bool restless() const noexcept override { return true; }
    /// True at once: the program leaves in the yard, or is killed there.
    [[nodiscard]] bool exit() override;
    [[nodiscard]] bool crashed() const noexcept override { return crashed_; }
    [[nodiscard]] CrashDump dump() const override;
    [[nodiscard]] std::string log() const override;

    [[nodiscard]] int pid() const noexcept { return process_.pid(); }
    /// Words the card did not understand: an operation an NSP cannot store, or no semaphore of the program.
    [[nodiscard]] std::uint64_t bad_commands() const noexcept { return bad_commands_; }

  private:
    NativeWorkload(const Program& program, NativePorts ports, std::shared_ptr<NativeArena> arena);
    [[nodiscard]] bool take_commands() noexcept;
    void look_after(Nanos now);
    [[nodiscard]] std::string crash_text() const;

    const Program& program_;
    NativePorts ports_;
    std::shared_ptr<NativeArena> arena_;
    NativeProcess process_;
    bool crashed_ = false, exit_asked_ = false;
    std::string how_; ///< the process ended
    Nanos busy_until_{0}, next_look_{0};
    std::uint64_t bad_commands_ = 0;
};

} // namespace card
