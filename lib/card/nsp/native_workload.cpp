// SPDX-License-Identifier: BSD-3-Clause
#include "card/nsp/native_workload.hpp"
#include <algorithm>
#include <atomic>
#include <fmt/format.h>

namespace card {
namespace {
namespace w = aic100::sem_word;
constexpr Nanos look_pause = 5ms;  ///< between two looks at the process: the only system call of a round
constexpr Nanos busy_for = 1ms;    ///< after anything moved, the program is taken to be about to answer
constexpr Nanos busy_pause = 20us; ///< how soon a sleeping poller should be back then
constexpr Nanos exit_grace = 200ms;
constexpr std::uint64_t dump_address = 0x2000'0000, dump_stride = 0x0100'0000;

NativeState state_of(NativeShared& s) noexcept
{
    return static_cast<NativeState>(std::atomic_ref(s.state).load(std::memory_order_acquire));
}

/// An NSP changes semaphores; it waits on doorbells (7.5).
bool storable(std::uint32_t word, unsigned semaphores) noexcept
{
    const auto op = static_cast<aic100::SemOp>(w::op(word));
    return w::index(word) < semaphores &&
           (op == aic100::SemOp::INIT || op == aic100::SemOp::INC || op == aic100::SemOp::DEC);
}

/// Text that another process wrote, fit to be shown.
std::string shown(std::string text)
{
    for (auto& c : text)
        if ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f) c = '?';
    return text;
}

Bytes bytes_of_text(const std::string& text)
{
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}
} // namespace

NativeWorkload::NativeWorkload(const Program& program, NativePorts ports, std::shared_ptr<NativeArena> arena)
    : program_(program), ports_(ports), arena_(std::move(arena))
{}

std::unique_ptr<NativeWorkload> NativeWorkload::start(const Program& program, NativePorts ports,
                                                      std::shared_ptr<NativeArena> arena)
{
    auto process = NativeProcess::start(native_host_path(), arena->fd());
    if (!process) return nullptr;
    std::unique_ptr<NativeWorkload> out(new NativeWorkload(program, ports, std::move(arena)));
    out->process_ = std::move(*process);
    return out;
}

NativeWorkload::~NativeWorkload()
{
    ports_.yard.add(std::move(process_), exit_asked_ && !crashed_ ? exit_grace : Nanos{0});
}

bool NativeWorkload::take_commands() noexcept
{
    bool any = false;
    auto& s = arena_->shared();
    for (unsigned n = 0; n < program_.nsps; ++n)
        for (unsigned i = 0; i < program_.semaphores; ++i) {
            std::atomic_ref mailbox(s.commands[n][i]);
            if (mailbox.load(std::memory_order_relaxed) == 0) continue;
            const auto word = mailbox.exchange(0, std::memory_order_acq_rel);
            if (storable(word, program_.semaphores))
                ports_.semaphores.apply(word & ~w::ENABLE);
            else
                ++bad_commands_;
            any = true;
        }
    return any;
}

bool NativeWorkload::step()
{
    if (crashed_) return false;
    const bool touched = ports_.memory.touched;
    const bool commanded = take_commands();
    // After a command too: a thread may be waiting for the mailbox to be empty again.
    if (touched || commanded) arena_->wake();
    const auto now = ports_.clock.now();
    if (touched || commanded) busy_until_ = now + busy_for;
    if (now >= next_look_ || state_of(arena_->shared()) == NativeState::CRASHED) look_after(now);
    return commanded;
}

void NativeWorkload::look_after(Nanos now)
{
    next_look_ = now + look_pause;
    auto how = process_.ended();
    const auto state = state_of(arena_->shared());
    if (how) how_ = std::move(*how);
    // A program may leave by itself (7.8): then it serves nobody any more, but nothing is broken.
    crashed_ = state == NativeState::CRASHED || (!how_.empty() && state != NativeState::EXITED);
}

std::optional<Nanos> NativeWorkload::due() const noexcept
{
    if (crashed_ || (!how_.empty() && !process_.running())) return std::nullopt;
    const auto now = ports_.clock.now();
    return now < busy_until_ ? now + busy_pause : next_look_;
}

bool NativeWorkload::exit()
{
    if (program_.exit_doorbell != 0)
        for (unsigned n = 0; n < program_.nsps; ++n)
            std::atomic_ref(reinterpret_cast<unsigned char&>(*ports_.memory.l2tcm(n, program_.exit_doorbell)))
                .store(1, std::memory_order_release);
    arena_->wake_exit();
    exit_asked_ = true;
    return true;
}

std::string NativeWorkload::log() const
{
    auto& s = arena_->shared();
    const auto written = std::atomic_ref(s.log_written).load(std::memory_order_acquire);
    const auto count = std::min<std::uint64_t>(written, native_log_bytes);
    std::string out;
    for (auto at = written - count; at != written; ++at) out += s.log[at % native_log_bytes];
    return shown(std::move(out));
}

std::string NativeWorkload::crash_text() const
{
    auto& s = arena_->shared();
    const char* const text = s.crash_text;
    const auto length = static_cast<std::size_t>(std::find(text, text + sizeof s.crash_text, '\0') - text);
    return fmt::format("program \"{}\" on NSP {} thread {}: signal {} at address {:#x}: {}; process {}\n",
                       shown(program_.name), s.crash_nsp, s.crash_thread, s.crash_signal, s.crash_address,
                       shown(std::string(text, length)), how_.empty() ? "not ended yet" : how_);
}

CrashDump NativeWorkload::dump() const
{
    std::vector<DumpRegion> regions;
    const auto add = [&](const char* description, std::string file, Bytes data) {
        if (!data.empty())
            regions.push_back({dump_address + regions.size() * dump_stride, 1, description, std::move(file),
                               std::move(data)});
    };
    add("NSP crash", "nsp_crash.txt", bytes_of_text(crash_text()));
    add("NSP log", "nsp_log.txt", bytes_of_text(log()));
    for (unsigned n = 0; n < program_.nsps; ++n) {
        const auto* l2tcm = ports_.memory.l2tcm(n, 0);
        add("NSP L2TCM", fmt::format("nsp{}_l2tcm.bin", n), Bytes(l2tcm, l2tcm + program_.l2tcm_bytes));
    }
    return CrashDump(std::move(regions));
}

} // namespace card
