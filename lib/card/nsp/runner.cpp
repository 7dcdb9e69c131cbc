// SPDX-License-Identifier: BSD-3-Clause
#include "card/nsp/runner.hpp"

namespace card {

Runner::Runner(const Program& program, ActivationMemory& memory, Semaphores& semaphores,
               std::unique_ptr<Backend> backend, const Clock& clock)
    : doorbells_(program, memory, semaphores), backend_(std::move(backend)), clock_(clock),
      state_(doorbells_.in_place() ? State::OUTPUTS_TAKEN : State::READY_FOR_INPUTS)
{}

bool Runner::step()
{
    bool moved = false;
    // A round passes each state once; a program without inputs and outputs must not run for ever in here.
    for (unsigned states = 0; states < 6 && advance(); ++states) moved = true;
    return moved;
}

bool Runner::advance()
{
    switch (state_) {
    case State::OUTPUTS_TAKEN:
        if (!doorbells_.outputs_taken()) break;
        state_ = State::READY_FOR_INPUTS;
        return true;
    case State::READY_FOR_INPUTS:
        if (doorbells_.exit_asked()) break;
        doorbells_.open_inputs();
        state_ = State::INPUTS;
        return true;
    case State::INPUTS:
        if (!doorbells_.inputs_here()) break;
        state_ = State::OUTPUTS;
        return true;
    case State::OUTPUTS:
        if (!doorbells_.outputs_taken()) break;
        start_compute();
        return true;
    case State::COMPUTING:
        if (release_at_ != Nanos{0} && clock_.now() < release_at_) break;
        send_outputs();
        return true;
    case State::EXITED:
    case State::CRASHED: return false;
    }
    if (!doorbells_.exit_asked()) return false;
    state_ = State::EXITED;
    return true;
}

void Runner::start_compute()
{
    if (!backend_->compute()) {
        state_ = State::CRASHED; // the host sees inferences that never end
        return;
    }
    const auto takes = backend_->duration();
    release_at_ = takes == Nanos{0} ? Nanos{0} : clock_.now() + takes;
    state_ = State::COMPUTING;
}

void Runner::send_outputs()
{
    doorbells_.release_outputs();
    ++inferences_;
    state_ = doorbells_.in_place() ? State::OUTPUTS_TAKEN : State::READY_FOR_INPUTS;
}

std::optional<Nanos> Runner::due() const noexcept
{
    if (state_ != State::COMPUTING) return std::nullopt;
    return release_at_;
}

bool Runner::exit()
{
    if (!doorbells_.ask_exit()) return true; // nothing to ask: it is stopped with its NSPs
    release_at_ = Nanos{0};
    for (unsigned states = 0; states < 8 && advance(); ++states) {
    } // it looks at its next wait, a round at most
    return state_ == State::EXITED || state_ == State::CRASHED;
}

} // namespace card
