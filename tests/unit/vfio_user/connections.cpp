// SPDX-License-Identifier: BSD-3-Clause
// reliability.md 5 (d), rows S09, S10, S12, S16: who may connect, what stays when a client goes, and what a
// socket's path may be.
#include "served_fixture.hpp"
#include "vfio_user/listener.hpp"
#include <csignal>
#include <fstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

namespace vfio_test {
namespace {

class Connections : public Served {};

// Sanitizers keep freed memory aside, and make fork() slow; the leak check at the end is theirs then.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer);
#else
constexpr bool sanitized = false;
#endif

// ---- S10
TEST_F(Connections, SecondClientIsRefusedWithAReasonAndTheFirstNeverNotices)
{
    auto client = attached();
    TestClient second(path());
    ASSERT_TRUE(second.connected());
    EXPECT_EQ(second.error_of(Command::VERSION, version_body("{}")), EBUSY);
    EXPECT_TRUE(second.hung_up());
    EXPECT_TRUE(logged("another client is attached"));
    EXPECT_EQ(client.read32(region_config, 0), 0xa10017cbu);
    EXPECT_EQ(served->connections().refused, 1u);
    client.close();
    expect_alive();
}

// ---- S09
TEST_F(Connections, TheCardStaysAsItWasAndTheConfigurationDoesNot)
{
    auto client = attached();
    const auto file = memory_file(1 << 20);
    ASSERT_EQ(client.map(0, 1 << 20, file.get()), 0);
    client.write16(region_config, 4, 6);
    client.write32(0, 0x80, 0x12345678); // MHICTRLBASE_LOW: a register that keeps what is written
    client.close();
    ASSERT_TRUE(detached());
    EXPECT_EQ(mapped_files(), 0u);
    auto next = attached();
    EXPECT_EQ(next.read32(0, 0x80), 0x12345678u);
    EXPECT_EQ(next.read32(region_config, 4) & 0xffffu, 0u) << "bus master is off";
    EXPECT_EQ(next.error_of(Command::DEVICE_RESET), 0);
    EXPECT_EQ(next.read32(0, 0x80), 0u) << "a bus reset restarts the card";
}

TEST_F(Connections, AThousandAttachAndKillCyclesLeakNothing)
{
    const auto file = memory_file(1 << 20);
    std::size_t fds = 0, kib = 0;
    constexpr int cycles = sanitized ? 200 : 1000;
    for (int cycle = 0; cycle < cycles; ++cycle) {
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) { // a client in a process of its own, killed wherever it is
            TestClient client(path());
            client.agree();
            client.map(0, 1 << 20, file.get());
            client.send(Command::REGION_READ, bytes_of(RegionAccess{0ull, region_config, 4u}));
            const auto part = message(Command::DEVICE_RESET, {});
            client.send_raw(ConstSpan(part).first(static_cast<std::size_t>(cycle) % part.size() + 1));
            if (cycle % 2 == 0) ::kill(::getpid(), SIGKILL);
            ::_exit(0);
        }
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(
            soon([&] { return served->connections().accepted == static_cast<std::uint64_t>(cycle) + 1; }));
        ASSERT_TRUE(detached());
        if (cycle == 100) fds = open_fds(), kib = resident_kib();
    }
    EXPECT_EQ(open_fds(), fds);
    EXPECT_EQ(mapped_files(), 0u);
    EXPECT_TRUE(sanitized || resident_kib() < kib + 1024) << resident_kib() - kib;
    expect_alive();
}

TEST_F(Connections, TenThousandConnectsLeakNothing)
{
    ASSERT_TRUE(detached());
    const auto fds = open_fds();
    for (int i = 0; i < 10'000; ++i) {
        const TestClient client(path());
        ASSERT_TRUE(client.connected()) << i;
    }
    EXPECT_TRUE(soon([&] { return open_fds() == fds; }));
    expect_alive();
}

// ---- S12
TEST(Listener, OtherUsersAreSentAwayBeforeAByteIsRead)
{
    const TempDir dir;
    ListenerOptions options;
    options.owner = ::geteuid() + 1; // so that we are the stranger
    const auto listener = Listener::open(dir.file("s"), options);
    ASSERT_TRUE(listener) << listener.error().message();
    TestClient client(dir.file("s"));
    client.send(Command::VERSION, version_body("{}"));
    std::string refused;
    EXPECT_FALSE(listener->accept(refused));
    EXPECT_NE(refused.find("uid " + std::to_string(::geteuid()) + " is not allowed"), std::string::npos)
        << refused;
    EXPECT_TRUE(client.hung_up());
    options.allowed = {::geteuid()};
    const auto tolerant = Listener::open(dir.file("t"), options);
    ASSERT_TRUE(tolerant);
    const TestClient friendly(dir.file("t"));
    EXPECT_TRUE(tolerant->accept(refused));
}

// ---- S16
TEST(Listener, SocketIsForItsOwnerWhateverTheUmask)
{
    const TempDir dir;
    const auto old = ::umask(0);
    const auto listener = Listener::open(dir.file("s"));
    ::umask(old);
    ASSERT_TRUE(listener);
    struct stat about = {};
    ASSERT_EQ(::lstat(dir.file("s").c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 07777, 0600u);
}

TEST(Listener, PathIsRemovedAtTheEndUnlessItIsSomebodyElsesByThen)
{
    const TempDir dir;
    {
        const auto listener = Listener::open(dir.file("s"));
    }
    EXPECT_FALSE(std::filesystem::exists(dir.file("s")));
    {
        const auto listener = Listener::open(dir.file("s"));
        ASSERT_TRUE(listener);
        std::filesystem::remove(dir.file("s"));
        std::ofstream(dir.file("s")) << "other";
    }
    EXPECT_TRUE(std::filesystem::exists(dir.file("s")));
}

TEST(Listener, StaleSocketIsReplacedALiveOneIsNot)
{
    const TempDir dir;
    {
        const Fd dead(::socket(AF_UNIX, SOCK_STREAM, 0)); // bound, never removed: as after SIGKILL
        sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, dir.file("s").data(), dir.file("s").size());
        ASSERT_EQ(::bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    }
    const auto first = Listener::open(dir.file("s"));
    ASSERT_TRUE(first) << first.error().message();
    const auto second = Listener::open(dir.file("s"));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, qaic::Code::E_BUSY);
    const TestClient client(dir.file("s"));
    EXPECT_TRUE(client.connected()) << "the first one is still there";
}

TEST(Listener, WhatIsNoSocketOrALinkStays)
{
    const TempDir dir;
    std::ofstream(dir.file("file")) << "precious";
    std::filesystem::create_symlink(dir.file("elsewhere"), dir.file("dangling"));
    std::filesystem::create_symlink(dir.file("file"), dir.file("link"));
    std::filesystem::create_directory(dir.file("dir"));
    for (const auto* name : {"file", "dangling", "link", "dir"}) {
        const auto opened = Listener::open(dir.file(name));
        ASSERT_FALSE(opened) << name;
        EXPECT_EQ(opened.error().code, qaic::Code::E_PERM);
        EXPECT_TRUE(std::filesystem::is_symlink(dir.file(name)) || std::filesystem::exists(dir.file(name)));
    }
    EXPECT_FALSE(std::filesystem::exists(dir.file("elsewhere")));
}

TEST(Listener, BadPathsAreRefusedInOneLine)
{
    const TempDir dir;
    std::filesystem::create_directory(dir.file("open"));
    ASSERT_EQ(::chmod(dir.file("open").c_str(), 0777), 0);
    const std::pair<std::string, qaic::Code> bad[] = {
        {"", qaic::Code::E_INVAL},
        {dir.file(std::string(108, 'x')), qaic::Code::E_INVAL},
        {dir.file("missing/s"), qaic::Code::E_INVAL},
        {dir.file("open/s"), qaic::Code::E_PERM},
        {std::string("a\0b", 3), qaic::Code::E_INVAL},
    };
    for (const auto& [path, code] : bad) {
        const auto opened = Listener::open(path);
        ASSERT_FALSE(opened) << path;
        EXPECT_EQ(opened.error().code, code) << opened.error().message();
        EXPECT_EQ(opened.error().message().find('\n'), std::string::npos);
    }
    ASSERT_EQ(::chmod(dir.file("open").c_str(), 01777), 0); // sticky, as /tmp
    EXPECT_TRUE(Listener::open(dir.file("open/s")));
    const auto longest = dir.file(std::string(107 - dir.file("").size(), 'y'));
    EXPECT_EQ(longest.size(), 107u);
    EXPECT_TRUE(Listener::open(longest));
}

} // namespace
} // namespace vfio_test
