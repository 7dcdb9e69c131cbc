// SPDX-License-Identifier: BSD-3-Clause
// How a program and the DMA Bridge tell each other that data is there: the doorbell words of each tensor in
// the L2TCM of the NSPs, and the two semaphores. aic100-workload.md 7.7
#pragma once
#include "card/dma/semaphores.hpp"
#include "card/nsp/backend.hpp"
#include "card/nsp/memory.hpp"

namespace card {

class Doorbells {
  public:
    /// Everything referred to outlives this.
    Doorbells(const Program& program, ActivationMemory& memory, Semaphores& semaphores);

    [[nodiscard]] bool inputs_here() const noexcept { return all_rung(input_wait_); }
    [[nodiscard]] bool outputs_taken() const noexcept { return all_rung(output_wait_); }
    /// "Ready for inputs".
    void open_inputs();
    /// Outputs that several NSPs hold are copied to the others; then "outputs ready".
    void release_outputs(bool copy = true);
    [[nodiscard]] bool exit_asked() const noexcept;
    /// Rings the exit doorbell on every NSP; false when the program has none.
    [[nodiscard]] bool ask_exit() noexcept;
    /// An output lies where an input does: next inputs only after the host took it.
    [[nodiscard]] bool in_place() const noexcept { return in_place_; }

    /// Tensors as a backend sees them: each on the lowest NSP its window reaches.
    [[nodiscard]] static Buffers buffers(const Program& program, const ActivationMemory& memory);

  private:
    using Words = std::vector<std::byte*>;
    [[nodiscard]] static bool all_rung(const Words& words) noexcept;
    [[nodiscard]] Words wait_words(const std::vector<ProgramTensor>& tensors) const;
    [[nodiscard]] Words all_words(const std::vector<ProgramTensor>& tensors) const;

    const Program& program_;
    ActivationMemory& memory_;
    Semaphores& semaphores_;
    Words input_wait_, input_clear_, output_wait_, output_clear_;
    bool in_place_ = false;
};

} // namespace card
