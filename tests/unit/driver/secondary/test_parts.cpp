// SPDX-License-Identifier: BSD-3-Clause
// Another build is refused (reliability.md H28); a process is told from a later one, and from a dead one.
#include "qaic/secondary/layout.hpp"
#include "qaic/secondary/process.hpp"
#include <csignal>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {
using namespace qaic;
using namespace qaic::secondary;

TEST(Layout, AnotherBuildIsRefusedInOneLine)
{
    EXPECT_TRUE(same_layout("card0", layout_hash()));
    EXPECT_NE(layout_hash("0.1.0"), layout_hash("0.1.1"));
    const auto other = same_layout("card0", layout_hash("other"));
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, Code::E_UNSUPP);
    EXPECT_NE(other.error().text.find("card0: primary and secondary process are of different builds"),
              std::string::npos);
    EXPECT_EQ(other.error().text.find('\n'), std::string::npos);
}

TEST(Layout, EverySizeCounts)
{
    EXPECT_NE(LayoutHash().add_type<std::uint32_t>().value(), LayoutHash().add_type<std::uint64_t>().value());
    EXPECT_NE(LayoutHash().add(1).add(2).value(), LayoutHash().add(2).add(1).value());
}

TEST(Process, IsWatchedUntilItDiesWaitedForOrNot)
{
    const auto child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    const auto started = start_time(child);
    ASSERT_TRUE(started);
    EXPECT_EQ(watch_process(child, *started + 1).error().code, Code::E_INVAL);
    auto watched = watch_process(child, *started);
    ASSERT_TRUE(watched) << watched.error().message();
    EXPECT_TRUE((*watched)->alive());
    EXPECT_EQ((*watched)->number(), static_cast<std::uint64_t>(child));
    kill(child, SIGKILL);
    siginfo_t info{};
    ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0); // a zombie
    EXPECT_FALSE((*watched)->alive());
    waitpid(child, nullptr, 0);
    EXPECT_FALSE((*watched)->alive());
    EXPECT_FALSE(start_time(child));
}
} // namespace
