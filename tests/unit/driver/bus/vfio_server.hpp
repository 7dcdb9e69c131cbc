// SPDX-License-Identifier: BSD-3-Clause
// A vfio-user server of a test: answers as a well-behaved card would, and lets the test spoil every answer
// before it goes out. Shares nothing with the real one.
#pragma once
#include "base/bytes.hpp"
#include "qaic/bus/vfio_user_socket.hpp"
#include "vfio_user/wire.hpp"
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace test {
using qaic::Bytes;
using qaic::ConstSpan;

/// One request with the answer about to be sent.
struct Exchange {
    vfio_user::Header request{};
    Bytes body;                     ///< of the request
    std::vector<qaic::vfu::Fd> fds; ///< that came with it
    Bytes before;                   ///< raw bytes to send first
    vfio_user::Header header{};     ///< of the answer; its size is set when it is left 0
    Bytes answer;
    std::vector<int> send_fds; ///< borrowed
    bool silent = false, hang_up = false;

    [[nodiscard]] vfio_user::Command command() const
    {
        return static_cast<vfio_user::Command>(request.command.get());
    }
    template<class T>
    [[nodiscard]] T& answer_as(std::size_t at = 0)
    {
        return *reinterpret_cast<T*>(answer.data() + at);
    }
    /// Makes the answer an error.
    void fail(std::uint32_t error);
};

struct ServerFacts {
    std::uint64_t bar_bytes[6] = {4096, 0, 2u << 20, 0, 64u << 10, 0};
    std::uint32_t vendor_device = 0xa10017cb;
    std::string version = R"({"capabilities":{"max_msg_fds":8,"max_data_xfer_size":1048576}})";
    vfio_user::SparseArea doorbells{std::uint64_t{0x20000}, std::uint64_t{0x10000}};
    std::uint64_t file_bytes = 2u << 20;
    bool seal = true;
};

class VfioServer {
  public:
    using Spoil = std::function<void(Exchange&)>;
    explicit VfioServer(Spoil spoil = {}, ServerFacts facts = {});
    /// Ends the connection, and what is left of the server.
    ~VfioServer() { stop(); }
    VfioServer(const VfioServer&) = delete;
    VfioServer& operator=(const VfioServer&) = delete;
    void stop();

    /// The client's end of the connection; once.
    [[nodiscard]] qaic::vfu::Socket client_end() { return qaic::vfu::Socket(std::move(client_)); }
    /// What is mapped: iova -> bytes.
    [[nodiscard]] std::map<std::uint64_t, std::uint64_t> maps();
    [[nodiscard]] std::uint32_t bar0(std::uint32_t offset);
    [[nodiscard]] std::uint16_t command_register();
    /// BAR 2 as the server sees it.
    [[nodiscard]] volatile std::uint32_t* doorbell(std::uint64_t offset) const;

  private:
    void run();
    bool serve_one();
    bool send(Exchange& x);
    void answer(Exchange& x);
    void answer_region(Exchange& x);
    void access(Exchange& x, bool write);
    void map(Exchange& x, bool add);

    Spoil spoil_;
    ServerFacts facts_;
    qaic::vfu::Fd client_, server_, file_;
    void* window_ = nullptr;
    std::mutex lock_;
    std::map<std::uint64_t, std::uint64_t> maps_;
    Bytes registers_ = Bytes(4096), config_ = Bytes(256);
    std::thread thread_;
};

} // namespace test
