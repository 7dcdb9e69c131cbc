// SPDX-License-Identifier: BSD-3-Clause
// A vfio-user client for tests: sends whatever it is told to, well-formed or not. Reads with code of its own,
// not with the server's.
#pragma once
#include "base/bytes.hpp"
#include "vfio_user/fd.hpp"
#include "vfio_user/wire.hpp"
#include <chrono>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <vector>

namespace vfio_test {
using namespace vfio_user;
using namespace std::chrono_literals;
using Millis = std::chrono::milliseconds;
using qaic::append, qaic::Bytes, qaic::bytes_of, qaic::ConstSpan, qaic::read_at;

struct Received {
    Header header;
    Bytes body;
    std::vector<Fd> fds;
    [[nodiscard]] bool failed() const { return (header.flags & header_flag::ERROR) != 0; }
    /// 0, or the errno of an error reply.
    [[nodiscard]] int error() const { return failed() ? static_cast<int>(header.error.get()) : 0; }
};

class TestClient {
  public:
    TestClient() = default;
    /// Connects; see connected().
    explicit TestClient(const std::string& path);
    explicit TestClient(Fd socket) : socket_(std::move(socket)) {}
    [[nodiscard]] bool connected() const { return static_cast<bool>(socket_); }
    [[nodiscard]] int fd() const { return socket_.get(); }
    void close() { socket_.reset(); }

    /// Bytes as they are, with descriptors. False when the server has hung up.
    bool send_raw(ConstSpan bytes, const std::vector<int>& fds = {});
    bool send(Command command, ConstSpan body = {}, const std::vector<int>& fds = {},
              std::uint32_t flags = 0);
    std::optional<Received> receive(Millis limit = 2000ms);
    /// Sends a command and takes its reply; a missing or foreign one is a test failure.
    Received call(Command command, ConstSpan body = {}, const std::vector<int>& fds = {});
    /// The errno of the reply.
    int error_of(Command command, ConstSpan body = {}, const std::vector<int>& fds = {});
    /// True when the server closes within the limit; replies before that are thrown away.
    bool hung_up(Millis limit = 2000ms);

    /// Agrees on the version as QEMU does.
    bool agree(const std::string& capabilities = R"({"max_msg_fds":16,"write_multiple":true})");
    int map(std::uint64_t address, std::uint64_t size, int fd = -1, std::uint64_t offset = 0,
            std::uint32_t flags = dma_flag::READ | dma_flag::WRITE);
    int unmap(std::uint64_t address, std::uint64_t size, std::uint32_t flags = 0);
    std::uint32_t read32(unsigned region, std::uint64_t offset);
    void write32(unsigned region, std::uint64_t offset, std::uint32_t value);
    void write16(unsigned region, std::uint64_t offset, std::uint16_t value);

    std::uint16_t next_id = 100;

  private:
    Fd socket_;
};

/// A version body with this JSON text (and its NUL).
Bytes version_body(const std::string& json, std::uint16_t major = 0, std::uint16_t minor = 1);
template<class T>
Bytes to_bytes(const T& value)
{
    Bytes bytes;
    append(bytes, value);
    return bytes;
}
void add(Bytes& to, ConstSpan bytes);
/// A complete message.
Bytes message(Command command, ConstSpan body, std::uint16_t id = 7, std::uint32_t flags = 0);

/// Memory file of `bytes`.
Fd memory_file(std::uint64_t bytes, bool huge = false);
/// Entries of /proc/self/fd, without the one used for looking.
std::size_t open_fds();
/// Lines of /proc/self/maps that name a memory file of memory_file().
std::size_t mapped_files();
/// Resident memory of this process in KiB.
std::size_t resident_kib();

} // namespace vfio_test
