// SPDX-License-Identifier: BSD-3-Clause
// What only this process can see of the server; requests over HTTP are tests/cli/pipe_metrics_test.py.
#include "pipeline/metrics/server.hpp"
#include <arpa/inet.h>
#include <atomic>
#include <csignal>
#include <future>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>
#include <thread>
#include <unistd.h>

namespace test {
namespace {
using pipeline::metrics::MetricsServer;
using qaic::Code;
using namespace std::chrono_literals;

/// A whole exchange: all that comes back until the server closes or 10 s are over.
class Client {
  public:
    explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0))
    {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const timeval limit{10, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    }
    ~Client() { ::close(fd_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    void send(const std::string& text) const
    {
        EXPECT_EQ(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    }
    [[nodiscard]] std::string rest() const
    {
        std::string all;
        char buffer[4096];
        for (ssize_t n = 0; (n = ::recv(fd_, buffer, sizeof buffer, 0)) > 0;)
            all.append(buffer, static_cast<std::size_t>(n));
        return all;
    }

  private:
    int fd_;
};

constexpr const char* request = "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

std::string get(std::uint16_t port)
{
    const Client client(port);
    client.send(request);
    return client.rest();
}

TEST(MetricsServer, APortThatIsTakenIsSaid)
{
    const auto first = MetricsServer::start(0, [] { return std::string("first\n"); });
    ASSERT_TRUE(first) << first.error().message();
    const auto port = (*first)->port();
    ASSERT_NE(port, 0);
    EXPECT_EQ((*first)->url(), fmt::format("http://127.0.0.1:{}/metrics", port));
    const auto second = MetricsServer::start(port, [] { return std::string("second\n"); });
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::E_BUSY) << second.error().message();
    EXPECT_NE(second.error().text.find(fmt::format("127.0.0.1:{}", port)), std::string::npos);
    EXPECT_NE(second.error().text.find("in use"), std::string::npos) << second.error().text;
    EXPECT_TRUE(get(port).ends_with("\r\n\r\nfirst\n"));
}

TEST(MetricsServer, ThePortIsFreeAgainAtOnce)
{
    std::uint16_t port = 0;
    for (int i = 0; i < 5; ++i) {
        const auto server = MetricsServer::start(port, [i] { return std::to_string(i); });
        ASSERT_TRUE(server) << server.error().message();
        port = (*server)->port();
        EXPECT_TRUE(get(port).ends_with("\r\n\r\n" + std::to_string(i)));
    }
}

TEST(MetricsServer, WhatTheBodyThrowsIsA500)
{
    std::atomic<bool> broken = true;
    const auto server = MetricsServer::start(0, [&] {
        if (broken) throw std::runtime_error("no");
        return std::string("again");
    });
    ASSERT_TRUE(server) << server.error().message();
    EXPECT_TRUE(get((*server)->port()).starts_with("HTTP/1.1 500 "));
    broken = false;
    EXPECT_TRUE(get((*server)->port()).ends_with("again"));
}

TEST(MetricsServer, ItsThreadTakesNoSignals)
{
    std::promise<bool> blocked;
    const auto server = MetricsServer::start(0, [&] {
        sigset_t mask;
        pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        blocked.set_value(sigismember(&mask, SIGINT) == 1 && sigismember(&mask, SIGHUP) == 1);
        return std::string();
    });
    ASSERT_TRUE(server) << server.error().message();
    (void)get((*server)->port());
    auto seen = blocked.get_future();
    ASSERT_EQ(seen.wait_for(10s), std::future_status::ready);
    EXPECT_TRUE(seen.get());
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    EXPECT_EQ(sigismember(&mask, SIGINT), 0) << "the starter's own mask is as it was";
}

TEST(MetricsServer, StopWaitsForACallThatRuns)
{
    std::promise<void> called, go_on;
    std::atomic<bool> done = false;
    auto server = MetricsServer::start(0, [&] {
        called.set_value();
        go_on.get_future().wait_for(10s);
        done = true;
        return std::string("late");
    });
    ASSERT_TRUE(server) << server.error().message();
    const Client client((*server)->port());
    client.send(request);
    ASSERT_EQ(called.get_future().wait_for(10s), std::future_status::ready);
    auto stopped = std::async(std::launch::async, [&] { server->reset(); });
    EXPECT_EQ(stopped.wait_for(50ms), std::future_status::timeout);
    EXPECT_FALSE(done);
    go_on.set_value();
    ASSERT_EQ(stopped.wait_for(10s), std::future_status::ready);
    EXPECT_TRUE(done);
}

} // namespace
} // namespace test
