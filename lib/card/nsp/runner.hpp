// SPDX-License-Identifier: BSD-3-Clause
// The program side of an inference, as a state machine that never waits: what aic100-workload.md 7.7 says a
// streaming program does with its doorbell words and the two semaphores.
#pragma once
#include "card/nsp/doorbells.hpp"
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

  private:
    enum class State { OUTPUTS_TAKEN, READY_FOR_INPUTS, INPUTS, OUTPUTS, COMPUTING, EXITED, CRASHED };
    [[nodiscard]] bool advance();
    void start_compute();
    void send_outputs();

    Doorbells doorbells_;
    std::unique_ptr<Backend> backend_;
    const Clock& clock_;
    State state_;
    Nanos release_at_{0};
    std::uint64_t inferences_ = 0;
};

} // namespace card
