// SPDX-License-Identifier: BSD-3-Clause
// What an emulated NSP computes, once its inputs are there. How it meets the host is runner.hpp.
#pragma once
#include "base/clock.hpp"
#include "card/nsp/program.hpp"
#include <memory>

namespace card {

class Backend {
  public:
    virtual ~Backend() = default;
    /// Inputs to outputs; false when the program crashed. Sizes are those of the program.
    [[nodiscard]] virtual bool compute() noexcept = 0;
    /// Time the outputs are held back after that.
    [[nodiscard]] virtual Nanos duration() const noexcept { return Nanos{0}; }
};

/// Where a program's tensors lie, in its order; good as long as the activation's memory.
struct Buffers {
    std::vector<ConstSpan> in;
    std::vector<MutSpan> out;
};

/// Builtins of aic100/wire/nsp_program.hpp; the loader has checked number and size of the tensors.
[[nodiscard]] std::unique_ptr<Backend> make_builtin(const Program& program, Buffers buffers);
/// A network from ONNX bytes, run with OpenCV. -46 when it cannot be read or does not have the program's
/// inputs and outputs.
[[nodiscard]] NncResult<std::unique_ptr<Backend>> make_onnx(const Program& program, Buffers buffers,
                                                            ConstSpan network);

} // namespace card
