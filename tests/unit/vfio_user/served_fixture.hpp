// SPDX-License-Identifier: BSD-3-Clause
// A card served in a thread of the test, and a client attached to it.
#pragma once
#include "card_server/served_card.hpp"
#include "test_client.hpp"
#include <filesystem>
#include <functional>
#include <mutex>
#include <thread>

namespace vfio_test {

inline constexpr auto test_message_limit = 100ms; // T_msg

/// A directory of the test's own, gone at the end.
class TempDir {
  public:
    TempDir()
    {
        char name[] = "/tmp/vfio-test-XXXXXX";
        path_ = ::mkdtemp(name);
    }
    ~TempDir() { std::filesystem::remove_all(path_); }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

/// Waits until `what` holds, at most two seconds.
inline bool soon(const std::function<bool()>& what)
{
    const auto until = std::chrono::steady_clock::now() + 2s;
    while (!what())
        if (std::chrono::steady_clock::now() > until)
            return false;
        else
            std::this_thread::yield();
    return true;
}

class Served : public testing::Test {
  protected:
    virtual void adjust(card_server::Options&) {}
    void SetUp() override
    {
        card_server::Options options;
        options.socket = path();
        options.idle = true;
        options.message_limit = test_message_limit;
        options.log = [this](const std::string& line) {
            const std::lock_guard guard(log_mutex_);
            log_.push_back(line);
        };
        adjust(options);
        auto made = card_server::ServedCard::create({}, options);
        ASSERT_TRUE(made) << made.error().message();
        served = std::move(*made);
        served->start();
    }
    void TearDown() override { served.reset(); } // before what its log writes to
    [[nodiscard]] std::string path() const { return dir_.file("card"); }
    /// A client that has agreed on the version.
    TestClient attached()
    {
        TestClient client(path());
        EXPECT_TRUE(client.connected());
        EXPECT_TRUE(client.agree());
        return client;
    }
    /// Until the server has let its client go.
    bool detached()
    {
        return soon([this] { return !served->attached(); });
    }
    bool logged(const std::string& part)
    {
        return soon([&] {
            const std::lock_guard guard(log_mutex_);
            for (const auto& line : log_)
                if (line.find(part) != std::string::npos) return true;
            return false;
        });
    }
    /// The card answers a new client as ever.
    void expect_alive()
    {
        ASSERT_TRUE(detached());
        auto client = attached();
        EXPECT_EQ(client.read32(region_config, 0), 0xa10017cbu);
        client.close();
        EXPECT_TRUE(detached());
    }
    std::unique_ptr<card_server::ServedCard> served;

  private:
    TempDir dir_;
    std::mutex log_mutex_;
    std::vector<std::string> log_;
};

} // namespace vfio_test
