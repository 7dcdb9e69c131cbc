// SPDX-License-Identifier: BSD-3-Clause
#include "card/nsp/runner.hpp"
#include <algorithm>
#include <bit>
#include <cstring>

namespace card {
namespace {
// A store to the semaphore block (workload 7.5), no enable bit.
constexpr std::uint32_t inc_input = 0x02000000, dec_output = 0x03010000;

unsigned lowest(std::uint32_t mask) noexcept { return static_cast<unsigned>(std::countr_zero(mask)); }

bool overlap(MutSpan a, ConstSpan b) noexcept
{
    return !a.empty() && !b.empty() && a.data() < b.data() + b.size() && b.data() < a.data() + a.size();
}

void put(const std::vector<std::byte*>& words, std::uint32_t value) noexcept
{
    const qaic::le32 wire(value);
    for (auto* w : words) std::memcpy(w, &wire, sizeof wire);
}
} // namespace

Runner::Runner(const Program& program, ActivationMemory& memory, Semaphores& semaphores,
               std::unique_ptr<Backend> backend, const Clock& clock)
    : program_(program), memory_(memory), semaphores_(semaphores), backend_(std::move(backend)),
      clock_(clock), input_wait_(wait_words(program.inputs)), input_clear_(all_words(program.inputs)),
      output_wait_(wait_words(program.outputs)), output_clear_(all_words(program.outputs))
{
    const auto b = buffers(program, memory);
    for (const auto& out : b.out)
        in_place_ = in_place_ ||
                    std::any_of(b.in.begin(), b.in.end(), [&](ConstSpan in) { return overlap(out, in); });
    state_ = in_place_ ? State::OUTPUTS_TAKEN : State::READY_FOR_INPUTS;
}

Buffers Runner::buffers(const Program& program, const ActivationMemory& memory)
{
    Buffers b;
    for (const auto& t : program.inputs) b.in.emplace_back(memory.tensor(t, lowest(t.nsp_mask)));
    for (const auto& t : program.outputs) b.out.emplace_back(memory.tensor(t, lowest(t.nsp_mask)));
    return b;
}

Runner::Words Runner::wait_words(const std::vector<ProgramTensor>& tensors) const
{
    Words words;
    for (const auto& t : tensors)
        for (auto left = t.nsp_mask; left != 0; left &= left - 1)
            words.push_back(memory_.l2tcm(lowest(left), t.doorbell));
    return words;
}

/// Doorbells are multicast to every NSP, so every NSP clears its own.
Runner::Words Runner::all_words(const std::vector<ProgramTensor>& tensors) const
{
    Words words;
    for (const auto& t : tensors)
        for (unsigned n = 0; n < program_.nsps; ++n) words.push_back(memory_.l2tcm(n, t.doorbell));
    return words;
}

bool Runner::all_rung(const Words& words) noexcept
{
    for (const auto* w : words) {
        qaic::le32 word;
        std::memcpy(static_cast<void*>(&word), w, sizeof word);
        if (word != 1) return false;
    }
    return true;
}

bool Runner::exit_asked() const noexcept
{
    return program_.exit_doorbell != 0 && *memory_.l2tcm(0, program_.exit_doorbell) == std::byte{1};
}

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
        if (!all_rung(output_wait_)) break;
        state_ = State::READY_FOR_INPUTS;
        return true;
    case State::READY_FOR_INPUTS:
        if (exit_asked()) break;
        ready_for_inputs();
        return true;
    case State::INPUTS:
        if (!all_rung(input_wait_)) break;
        state_ = State::OUTPUTS;
        return true;
    case State::OUTPUTS:
        if (!all_rung(output_wait_)) break;
        start_compute();
        return true;
    case State::COMPUTING:
        if (release_at_ != Nanos{0} && clock_.now() < release_at_) break;
        send_outputs();
        return true;
    case State::EXITED:
    case State::CRASHED: return false;
    }
    if (!exit_asked()) return false;
    state_ = State::EXITED;
    return true;
}

void Runner::ready_for_inputs()
{
    put(input_clear_, 0);
    for (unsigned i = 0; i < program_.input_incs; ++i) semaphores_.apply(inc_input);
    state_ = State::INPUTS;
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

/// Outputs that several NSPs hold are copied to the others; then "outputs ready".
void Runner::send_outputs()
{
    for (const auto& t : program_.outputs) {
        const auto first = lowest(t.nsp_mask);
        for (auto left = t.nsp_mask & (t.nsp_mask - 1); left != 0 && t.size != 0; left &= left - 1)
            std::memcpy(memory_.tensor(t, lowest(left)).data(), memory_.tensor(t, first).data(), t.size);
    }
    put(output_clear_, 0);
    for (unsigned i = 0; i < program_.output_decs; ++i) semaphores_.apply(dec_output);
    ++inferences_;
    state_ = in_place_ ? State::OUTPUTS_TAKEN : State::READY_FOR_INPUTS;
}

std::optional<Nanos> Runner::due() const noexcept
{
    if (state_ != State::COMPUTING) return std::nullopt;
    return release_at_;
}

bool Runner::exit()
{
    if (program_.exit_doorbell == 0) return true; // nothing to ask: it is stopped with its NSPs
    for (unsigned n = 0; n < program_.nsps; ++n) *memory_.l2tcm(n, program_.exit_doorbell) = std::byte{1};
    release_at_ = Nanos{0};
    for (unsigned states = 0; states < 8 && advance(); ++states) {
    } // it looks at its next wait, a round at most
    return state_ == State::EXITED || state_ == State::CRASHED;
}

} // namespace card
