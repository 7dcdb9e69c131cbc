// SPDX-License-Identifier: BSD-3-Clause
// Processes of programs without a driver: how they end, whose end they share, and what the card believes of
// the words they write.
#include "card/nsp/native_workload.hpp"
#include "sample.hpp"
#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace nsp_test {
namespace {
using card::NativeArena;
using card::NativeState;
using card::NativeWorkload;

/// A program at work without a DMA Bridge.
struct Bench {
    explicit Bench(const std::string& name) : file(container(name))
    {
        auto loaded = card::load_program(file.program.elf);
        EXPECT_TRUE(loaded);
        program = std::move(*loaded);
        arena = NativeArena::create(program, {file.program.elf, file.program.static_constants});
        EXPECT_NE(arena, nullptr);
        auto made = card::ActivationMemory::create(program, {}, 0, arena);
        EXPECT_TRUE(made);
        memory = std::move(*made);
        semaphores.set(program.semaphore_init);
        workload = NativeWorkload::start(program, {memory, semaphores, yard, clock}, arena);
        EXPECT_NE(workload, nullptr);
    }
    [[nodiscard]] NativeState state() const
    {
        return static_cast<NativeState>(std::atomic_ref(arena->shared().state).load());
    }
    /// Puts a word where a program would store it.
    void store(unsigned semaphore, std::uint32_t word) const
    {
        std::atomic_ref(arena->shared().commands[0][semaphore]).store(word);
    }
    qpc::OwnedProgram file;
    ManualClock clock;
    card::Program program;
    std::shared_ptr<NativeArena> arena;
    card::ActivationMemory memory;
    card::Semaphores semaphores;
    card::ProcessYard yard{clock};
    std::unique_ptr<NativeWorkload> workload;
};

TEST(NativeProcess, FirstCommandOfSimpleIoIsTheOneOfTheSpecification)
{
    Bench b("simple_io");
    auto& mailbox = b.arena->shared().commands[0][0];
    ASSERT_TRUE(eventually([&] { return std::atomic_ref(mailbox).load() != 0; }));
    EXPECT_EQ(std::atomic_ref(mailbox).load(), 0x02000000u); // INC sem 0 (7.5)
    EXPECT_TRUE(b.workload->step());
    EXPECT_EQ(std::atomic_ref(mailbox).load(), 0u);
    EXPECT_EQ(b.semaphores.values()[0], 1);
    EXPECT_FALSE(b.workload->step());
}

TEST(NativeProcess, LeavesByItsExitDoorbell)
{
    Bench b("multicast"); // three NSPs, all of them waiting
    ASSERT_TRUE(eventually([&] { return b.state() == NativeState::RUNNING; }));
    EXPECT_TRUE(b.workload->exit());
    for (unsigned n = 0; n < 3; ++n) EXPECT_EQ(*b.memory.l2tcm(n, 0x460), std::byte{1});
    b.workload.reset();
    ASSERT_TRUE(eventually([&] {
        b.clock.advance(2us); // far from the end of its grace
        b.yard.poll();
        b.clock.advance(1ms);
        return b.yard.empty() || b.clock.now() > 150ms;
    }));
    EXPECT_TRUE(b.yard.empty());
    EXPECT_EQ(b.yard.counters().left, 1u);
    EXPECT_EQ(b.yard.counters().killed, 0u);
    EXPECT_EQ(b.state(), NativeState::EXITED);
}

TEST(NativeProcess, WithoutAWordItIsKilled)
{
    Bench b("streaming");
    ASSERT_TRUE(eventually([&] { return b.state() == NativeState::RUNNING; }));
    b.workload.reset(); // as SSR, TERMINATE and reset do
    ASSERT_TRUE(eventually([&] {
        b.clock.advance(1ms);
        b.yard.poll();
        return b.yard.empty();
    }));
    EXPECT_EQ(b.yard.counters().killed, 1u);
}

TEST(NativeProcess, GraceEnds)
{
    Bench b("streaming");
    const int pid = b.workload->pid();
    ::kill(pid, SIGSTOP); // it cannot leave
    EXPECT_TRUE(b.workload->exit());
    b.workload.reset();
    b.clock.advance(199ms);
    b.yard.poll();
    EXPECT_EQ(b.yard.counters().killed, 0u);
    EXPECT_TRUE(b.yard.due());
    ASSERT_TRUE(eventually([&] {
        b.clock.advance(1ms);
        b.yard.poll();
        return b.yard.empty();
    }));
    EXPECT_EQ(b.yard.counters().killed, 1u);
    EXPECT_FALSE(b.yard.due());
}

TEST(NativeProcess, WordsThatNoNspMayStoreDoNothing)
{
    Bench b("hang");
    ASSERT_TRUE(eventually([&] { return b.workload->step(); })); // its own first INC
    const auto before = b.semaphores.values();
    const std::uint32_t words[] = {0x04000001, 0x05000000, 0x06010000, 0x07000000,
                                   0x02020000, 0x021f0000, 0x00000fff};
    for (const auto w : words) {
        b.store(1, w);
        EXPECT_TRUE(b.workload->step());
    }
    EXPECT_EQ(b.workload->bad_commands(), std::size(words));
    EXPECT_EQ(b.semaphores.values(), before);
    b.store(1, 0x81010005); // an enable bit changes nothing
    EXPECT_TRUE(b.workload->step());
    EXPECT_EQ(b.semaphores.values()[1], 5);
}

TEST(NativeProcess, DeathIsSeenWithoutAWordFromIt)
{
    Bench b("streaming");
    ASSERT_TRUE(eventually([&] { return b.state() == NativeState::RUNNING; }));
    EXPECT_FALSE(b.workload->crashed());
    ::kill(b.workload->pid(), SIGKILL);
    ASSERT_TRUE(eventually([&] {
        b.clock.advance(5ms);
        (void)b.workload->step();
        return b.workload->crashed();
    }));
    const auto dump = b.workload->dump();
    ASSERT_FALSE(dump.empty());
    const auto& text = dump.regions()[0].data;
    const std::string told(reinterpret_cast<const char*>(text.data()), text.size());
    EXPECT_NE(told.find("killed by signal 9"), std::string::npos) << told;
    EXPECT_EQ(dump.regions().back().data.size(), b.program.l2tcm_bytes);
}

TEST(NativeProcess, TextOfTheProcessIsNotTrusted)
{
    Bench b("streaming");
    ASSERT_TRUE(eventually([&] { return b.state() == NativeState::RUNNING; }));
    auto& s = b.arena->shared();
    std::memset(s.crash_text, 0x1b, sizeof s.crash_text); // no end, no printable character
    std::memset(s.log, 0x07, sizeof s.log);
    std::atomic_ref(s.log_written).store(~0ull);
    std::atomic_ref(s.state).store(static_cast<std::uint32_t>(NativeState::CRASHED));
    (void)b.workload->step();
    EXPECT_TRUE(b.workload->crashed());
    const auto log = b.workload->log();
    EXPECT_EQ(log.size(), card::native_log_bytes);
    EXPECT_EQ(log.find_first_not_of('?'), std::string::npos);
    EXPECT_FALSE(b.workload->dump().empty());
    std::atomic_ref(s.state).store(0xffffffffu); // nor taken back
    (void)b.workload->step();
    EXPECT_TRUE(b.workload->crashed());
}

/// 16 NSPs of 6 threads: each NSP has the program's data for itself.
TEST(NativeProcess, EveryNspHasDataOfItsOwn)
{
    Bench b("private_data");
    const auto count = [&](const std::string& what) {
        const auto log = b.workload->log();
        unsigned n = 0;
        for (auto at = log.find(what); at != std::string::npos; at = log.find(what, at + 1)) ++n;
        return n;
    };
    ASSERT_TRUE(eventually([&] { return count("\n") == 96; })) << b.workload->log();
    for (unsigned n = 1; n <= 6; ++n) EXPECT_EQ(count(fmt::format("count {} heap 100000", n)), 16u) << n;
    for (unsigned n = 0; n < 16; ++n)
        for (unsigned t = 0; t < 6; ++t)
            EXPECT_EQ(count(fmt::format("nsp {} thread {} info: ", n, t)), 1u) << n << " " << t;
    EXPECT_EQ(count(fmt::format("id {}/{}\n", 95, 95)), 1u);
    (void)b.workload->step();
    EXPECT_FALSE(b.workload->crashed());
}

/// User and system time of a process, in ticks of 10 ms.
unsigned long used(int pid)
{
    std::ifstream in(fmt::format("/proc/{}/stat", pid));
    std::string line;
    std::getline(in, line);
    unsigned long user = 0, system = 0;
    const auto end = line.rfind(')');
    EXPECT_NE(end, std::string::npos);
    EXPECT_EQ(std::sscanf(line.c_str() + end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                          &user, &system),
              2);
    return user + system;
}

TEST(NativeProcess, SleepsWhileNothingHappens)
{
    Bench b("multicast"); // 12 threads: three wait for a doorbell, the others for the exit
    ASSERT_TRUE(eventually([&] { return b.workload->step(); }));
    for (int i = 0; i < 50; ++i) {
        (void)b.workload->step();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    b.memory.touched = false;
    const auto before = used(b.workload->pid());
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    while (std::chrono::steady_clock::now() < end) { // the card goes on polling
        EXPECT_FALSE(b.workload->step());
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_LE(used(b.workload->pid()) - before, 5u) << "ticks of 10 ms in a second";
}

TEST(NativeProcess, MemoryFileCannotBeCutOff)
{
    Bench b("streaming");
    EXPECT_NE(::ftruncate(b.arena->fd(), 0), 0);
    EXPECT_NE(::ftruncate(b.arena->fd(), 1ll << 40), 0);
}

TEST(NativeProcess, AMissingExecutableIsAnAnswer)
{
    Bench b("streaming");
    EXPECT_FALSE(card::NativeProcess::start("/nonexistent/qaic-nsp-host", b.arena->fd()));
}

/// However the card's process ends, the system takes the program with it.
TEST(NativeProcess, DiesWithTheCard)
{
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0); // so that the orphan comes to us
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const auto card_pid = ::fork();
    ASSERT_GE(card_pid, 0);
    if (card_pid == 0) {
        Bench b("hang");
        const int program = b.workload->pid();
        const bool up = eventually([&] { return b.state() == NativeState::RUNNING; });
        (void)!::write(pipe[1], &program, sizeof program);
        ::kill(::getpid(), up ? SIGKILL : SIGABRT); // no destructor runs
    }
    int program = -1, how = 0;
    ASSERT_EQ(::read(pipe[0], &program, sizeof program), static_cast<ssize_t>(sizeof program));
    ASSERT_EQ(::waitpid(card_pid, &how, 0), card_pid);
    EXPECT_TRUE(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
    EXPECT_TRUE(eventually([&] { return ::waitpid(program, &how, WNOHANG) == program; })) << "still there";
    EXPECT_TRUE(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL) << how;
    ::close(pipe[0]), ::close(pipe[1]);
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

} // namespace
} // namespace nsp_test
