// SPDX-License-Identifier: BSD-3-Clause
#include "card/nsp/doorbells.hpp"
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

void clear(const std::vector<std::byte*>& words) noexcept
{
    const qaic::le32 zero(0);
    for (auto* w : words) std::memcpy(w, &zero, sizeof zero);
}
} // namespace

Doorbells::Doorbells(const Program& program, ActivationMemory& memory, Semaphores& semaphores)
    : program_(program), memory_(memory), semaphores_(semaphores), input_wait_(wait_words(program.inputs)),
      input_clear_(all_words(program.inputs)), output_wait_(wait_words(program.outputs)),
      output_clear_(all_words(program.outputs))
{
    const auto b = buffers(program, memory);
    for (const auto& out : b.out)
        in_place_ = in_place_ ||
                    std::any_of(b.in.begin(), b.in.end(), [&](ConstSpan in) { return overlap(out, in); });
}

Buffers Doorbells::buffers(const Program& program, const ActivationMemory& memory)
{
    Buffers b;
    for (const auto& t : program.inputs) b.in.emplace_back(memory.tensor(t, lowest(t.nsp_mask)));
    for (const auto& t : program.outputs) b.out.emplace_back(memory.tensor(t, lowest(t.nsp_mask)));
    return b;
}

Doorbells::Words Doorbells::wait_words(const std::vector<ProgramTensor>& tensors) const
{
    Words words;
    for (const auto& t : tensors)
        for (auto left = t.nsp_mask; left != 0; left &= left - 1)
            words.push_back(memory_.l2tcm(lowest(left), t.doorbell));
    return words;
}

/// Doorbells are multicast to every NSP, so every NSP clears its own.
Doorbells::Words Doorbells::all_words(const std::vector<ProgramTensor>& tensors) const
{
    Words words;
    for (const auto& t : tensors)
        for (unsigned n = 0; n < program_.nsps; ++n) words.push_back(memory_.l2tcm(n, t.doorbell));
    return words;
}

bool Doorbells::all_rung(const Words& words) noexcept
{
    for (const auto* w : words) {
        qaic::le32 word;
        std::memcpy(static_cast<void*>(&word), w, sizeof word);
        if (word != 1) return false;
    }
    return true;
}

void Doorbells::open_inputs()
{
    clear(input_clear_);
    for (unsigned i = 0; i < program_.input_incs; ++i) semaphores_.apply(inc_input);
}

void Doorbells::release_outputs(bool copy)
{
    for (const auto& t : program_.outputs) {
        if (!copy || t.size == 0) continue;
        const auto first = lowest(t.nsp_mask);
        for (auto left = t.nsp_mask & (t.nsp_mask - 1); left != 0; left &= left - 1)
            std::memcpy(memory_.tensor(t, lowest(left)).data(), memory_.tensor(t, first).data(), t.size);
    }
    clear(output_clear_);
    for (unsigned i = 0; i < program_.output_decs; ++i) semaphores_.apply(dec_output);
}

bool Doorbells::exit_asked() const noexcept
{
    return program_.exit_doorbell != 0 && *memory_.l2tcm(0, program_.exit_doorbell) == std::byte{1};
}

bool Doorbells::ask_exit() noexcept
{
    if (program_.exit_doorbell == 0) return false;
    for (unsigned n = 0; n < program_.nsps; ++n) *memory_.l2tcm(n, program_.exit_doorbell) = std::byte{1};
    return true;
}

} // namespace card
