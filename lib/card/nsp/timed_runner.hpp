// SPDX-License-Identifier: BSD-3-Clause
// A program on a card with a timing model (docs/adr/0011). To the DMA Bridge it is what runner.hpp is, but it
// empties its input buffer the moment an input is there: the inference joins the queue of the card's compute
// slots, and the next input may come. Outputs leave in the order of their inputs, each when its computation
// has ended and the host has taken the one before.
#pragma once
#include "card/nsp/doorbells.hpp"
#include "card/nsp/workload.hpp"
#include "card/timing/timing.hpp"
#include <functional>

namespace card {

class TimedRunner final : public Workload, public SlotUser {
  public:
    struct Parts { ///< outlive the runner
        const Program& program;
        ActivationMemory& memory;
        Semaphores& semaphores;
        Timing& timing;
    };
    /// `make` gets the tensors the backend computes on: outputs in memory of the runner, since those of the
    /// NSPs may still be on their way to the host.
    using MakeBackend = std::function<NncResult<std::unique_ptr<Backend>>(Buffers)>;
    [[nodiscard]] static NncResult<std::unique_ptr<TimedRunner>> create(const Parts& parts, unsigned dbc,
                                                                        const MakeBackend& make);
    ~TimedRunner() override;
    TimedRunner(const TimedRunner&) = delete;
    TimedRunner& operator=(const TimedRunner&) = delete;

    bool step() override;
    /// The slots know.
    [[nodiscard]] std::optional<Nanos> due() const noexcept override { return std::nullopt; }
    [[nodiscard]] bool exit() override;
    void computed(std::uint64_t ticket) noexcept override;
    [[nodiscard]] unsigned dbc() const noexcept override { return dbc_; }

  private:
    enum class State { RUNNING, EXITED, CRASHED };
    struct Inference {
        bool computed = false;
        Bytes outputs; ///< one after the other; empty when payloads are not moved
    };
    TimedRunner(const Parts& parts, unsigned dbc);
    [[nodiscard]] Buffers shadowed(Buffers buffers);
    bool take_in();
    bool give_out();
    [[nodiscard]] bool may_open() const noexcept;

    Timing& timing_;
    unsigned dbc_;
    Doorbells doorbells_;
    std::vector<MutSpan> outputs_; ///< on the NSPs
    Bytes shadow_;                 ///< outputs as the backend leaves them
    std::unique_ptr<Backend> backend_;
    std::size_t most_;        ///< inferences inside
    Queue<Inference> inside_; ///< in the order of their inputs
    std::uint64_t first_ = 0; ///< ticket of the oldest
    bool open_ = false;       ///< an input may come
    State state_ = State::RUNNING;
};

} // namespace card
