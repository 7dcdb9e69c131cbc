// SPDX-License-Identifier: BSD-3-Clause
#include "card/nsp/timed_runner.hpp"
#include <algorithm>
#include <cstring>
#include <utility>

namespace card {
namespace {

/// What a program takes in before it makes the host wait, and the memory its finished outputs may hold. [M]
constexpr std::size_t most_inside = 4096, most_held_bytes = 64u << 20;

std::size_t limit_of(const Program& program, bool in_place, std::size_t output_bytes)
{
    if (in_place || program.inputs.empty()) return 1;
    return std::clamp<std::size_t>(most_held_bytes / std::max<std::size_t>(output_bytes, 1), 1, most_inside);
}

} // namespace

TimedRunner::TimedRunner(const Parts& parts, unsigned dbc)
    : timing_(parts.timing), dbc_(dbc), doorbells_(parts.program, parts.memory, parts.semaphores), most_(0)
{}

NncResult<std::unique_ptr<TimedRunner>> TimedRunner::create(const Parts& parts, unsigned dbc,
                                                            const MakeBackend& make)
{
    std::unique_ptr<TimedRunner> runner(new TimedRunner(parts, dbc));
    auto backend = make(runner->shadowed(Doorbells::buffers(parts.program, parts.memory)));
    if (!backend) return tl::unexpected(backend.error());
    runner->backend_ = std::move(*backend);
    runner->most_ = limit_of(parts.program, runner->doorbells_.in_place(), runner->shadow_.size());
    return runner;
}

TimedRunner::~TimedRunner() { timing_.slots().cancel(*this, timing_.now()); }

Buffers TimedRunner::shadowed(Buffers buffers)
{
    if (!timing_.copies()) return buffers; // nothing will compute on them
    outputs_ = buffers.out;
    std::size_t bytes = 0;
    for (const auto& out : outputs_) bytes += out.size();
    shadow_.resize(bytes);
    std::size_t at = 0;
    for (auto& out : buffers.out) {
        out = MutSpan(shadow_).subspan(at, out.size());
        at += out.size();
    }
    return buffers;
}

bool TimedRunner::step()
{
    constexpr unsigned round = 64; // a program without inputs and outputs must not run for ever in here
    bool moved = false;
    for (unsigned i = 0; i < round && state_ == State::RUNNING; ++i) {
        if (doorbells_.exit_asked()) {
            state_ = State::EXITED;
            return true;
        }
        const bool out = give_out();
        if (!take_in() && !out) break;
        moved = true;
    }
    return moved;
}

bool TimedRunner::may_open() const noexcept
{
    return inside_.size() < most_ && (!doorbells_.in_place() || doorbells_.outputs_taken());
}

bool TimedRunner::take_in()
{
    if (!open_) {
        if (!may_open()) return false;
        doorbells_.open_inputs();
        return open_ = true;
    }
    if (!doorbells_.inputs_here()) return false;
    open_ = false;
    auto& one = inside_.push_back({});
    if (timing_.copies()) {
        if (!backend_->compute()) {
            state_ = State::CRASHED; // the host sees inferences that never end
            return true;
        }
        one.outputs = shadow_;
    }
    const auto ticket = first_ + inside_.size() - 1;
    one.computed = timing_.slots().submit(*this, ticket, backend_->duration(), timing_.now());
    return true;
}

bool TimedRunner::give_out()
{
    if (inside_.empty() || !inside_.front().computed || !doorbells_.outputs_taken()) return false;
    const ConstSpan from = inside_.front().outputs;
    std::size_t at = 0;
    for (const auto& out : outputs_) {
        if (!out.empty()) std::memcpy(out.data(), from.data() + at, out.size());
        at += out.size();
    }
    doorbells_.release_outputs(timing_.copies());
    inside_.pop_front();
    ++first_;
    return true;
}

void TimedRunner::computed(std::uint64_t ticket) noexcept
{
    if (ticket - first_ < inside_.size()) inside_[ticket - first_].computed = true;
}

bool TimedRunner::exit()
{
    if (!doorbells_.ask_exit()) return true; // nothing to ask: it is stopped with its NSPs
    (void)step();
    return state_ != State::RUNNING;
}

} // namespace card
