// SPDX-License-Identifier: BSD-3-Clause
// A client of EAL's telemetry socket, as usertools/dpdk-telemetry.py is one: SOCK_SEQPACKET, a greeting that
// says how long an answer may be, then one packet a command and one a reply.
#pragma once
#include "place.hpp"
#include <cstring>
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

namespace test {

class TelemetryClient {
  public:
    TelemetryClient()
    {
        // As root EAL keeps it below /var/run, otherwise below XDG_RUNTIME_DIR.
        for (const auto& folder : {std::string("/var/run/dpdk/"), place() + "/dpdk/"}) {
            const auto path = folder + prefix() + "/dpdk_telemetry.v2";
            if (std::filesystem::exists(path)) connect_to(path);
        }
        EXPECT_GE(fd_, 0) << "no telemetry socket";
        if (fd_ >= 0) greeting = nlohmann::json::parse(receive(4096));
    }
    ~TelemetryClient()
    {
        if (fd_ >= 0) ::close(fd_);
    }
    TelemetryClient(const TelemetryClient&) = delete;
    TelemetryClient& operator=(const TelemetryClient&) = delete;

    /// What the command answered, without the name of the command around it.
    nlohmann::json ask(const std::string& command)
    {
        EXPECT_EQ(::send(fd_, command.data(), command.size(), 0), static_cast<ssize_t>(command.size()));
        const auto text = receive(greeting.value("max_output_len", std::size_t{16384}));
        const auto reply = nlohmann::json::parse(text, nullptr, false);
        EXPECT_FALSE(reply.is_discarded()) << command << ": " << text;
        return reply.value(command.substr(0, command.find(',')), nlohmann::json());
    }
    nlohmann::json greeting;

  private:
    void connect_to(const std::string& path)
    {
        fd_ = ::socket(AF_UNIX, SOCK_SEQPACKET, 0);
        sockaddr_un to{};
        to.sun_family = AF_UNIX;
        ASSERT_LT(path.size(), sizeof to.sun_path);
        std::memcpy(to.sun_path, path.c_str(), path.size() + 1);
        const timeval limit{20, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        ASSERT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0) << path;
    }
    std::string receive(std::size_t most)
    {
        std::vector<char> buffer(most);
        const auto n = ::recv(fd_, buffer.data(), buffer.size(), 0);
        EXPECT_GT(n, 0) << "no answer from telemetry";
        return std::string(buffer.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
    }
    int fd_ = -1;
};

} // namespace test
