// SPDX-License-Identifier: BSD-3-Clause
// The program side of an inference, as a state machine that never waits: what aic100-workload.md 7.7 says a
// streaming program does with its doorbell words and the two semaphores.
#pragma once
#include "card/dma/semaphores.hpp"
#include "card/nsp/backend.hpp"
#include "card/nsp/memory.hpp"
#include "card/nsp/workload.hpp"

namespace card {

class Runner final : public Workload {
  public:
    /// Everything referred to outlives the runner. `backend` computes on NSP `primary` of each tensor.
    Runner(const Program& program, ActivationMemory& memory, Semaphores& semaphores,
           std::unique_ptr<Backend> backend, const Clock& clock);

    bool step() override;
    [[nodiscard]] std::optional<Nanos> due() const noexcept override;
    [[nodiscard]] bool exit() override;
    [[nodiscard]] std::uint64_t inferences() const noexcept { return inferences_; }

    /// Tensors as the backend sees them: each on the lowest NSP its window reaches.
    [[nodiscard]] static Buffers buffers(const Program& program, const ActivationMemory& memory);

  private:
    enum class State { OUTPUTS_TAKEN, READY_FOR_INPUTS, INPUTS, OUTPUTS, COMPUTING, EXITED, CRASHED };
    using Words = std::vector<std::byte*>;
    [[nodiscard]] static bool all_rung(const Words& words) noexcept;
    [[nodiscard]] bool exit_asked() const noexcept;
    [[nodiscard]] bool advance();
    void ready_for_inputs();
    void start_compute();
    void send_outputs();
    [[nodiscard]] Words wait_words(const std::vector<ProgramTensor>& tensors) const;
    [[nodiscard]] Words all_words(const std::vector<ProgramTensor>& tensors) const;

    const Program& program_;
    ActivationMemory& memory_;
    Semaphores& semaphores_;
    std::unique_ptr<Backend> backend_;
    const Clock& clock_;
    Words input_wait_, input_clear_, output_wait_, output_clear_;
    bool in_place_ = false; ///< an output lies where an input does: next inputs only after the host took it
    State state_;
    Nanos release_at_{0};
    std::uint64_t inferences_ = 0;
};

} // namespace card
