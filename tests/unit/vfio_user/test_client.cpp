// SPDX-License-Identifier: BSD-3-Clause
#include "test_client.hpp"
#include <cstring>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace vfio_test {
namespace {

bool readable(int fd, Millis limit)
{
    pollfd entry{fd, POLLIN, 0};
    return ::poll(&entry, 1, static_cast<int>(limit.count())) > 0;
}

/// Exactly `bytes`; descriptors that come with them are collected.
bool read_exactly(int fd, std::byte* to, std::size_t bytes, std::vector<Fd>& fds, Millis limit)
{
    while (bytes > 0) {
        if (!readable(fd, limit)) return false;
        iovec piece{to, bytes};
        alignas(cmsghdr) char control[256];
        msghdr header = {};
        header.msg_iov = &piece;
        header.msg_iovlen = 1;
        header.msg_control = control;
        header.msg_controllen = sizeof(control);
        const auto got = ::recvmsg(fd, &header, MSG_CMSG_CLOEXEC);
        if (got <= 0) return false;
        for (auto* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part))
            for (std::size_t i = 0; i < (part->cmsg_len - CMSG_LEN(0)) / sizeof(int); ++i) {
                int one = -1;
                std::memcpy(&one, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
                fds.emplace_back(one);
            }
        to += got;
        bytes -= static_cast<std::size_t>(got);
    }
    return true;
}

} // namespace

TestClient::TestClient(const std::string& path)
{
    Fd made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    // The server's backlog is short: a full one is not a refusal.
    for (int i = 0; i < 500; ++i) {
        if (::connect(made.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
            socket_ = std::move(made);
            return;
        }
        if (errno != EAGAIN) return;
        ::usleep(1000);
    }
}

bool TestClient::send_raw(ConstSpan bytes, const std::vector<int>& fds)
{
    Bytes copy(bytes.begin(), bytes.end());
    iovec piece{copy.data(), copy.size()};
    std::vector<char> control(CMSG_SPACE(std::max<std::size_t>(1, fds.size()) * sizeof(int)));
    msghdr header = {};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    if (!fds.empty()) {
        header.msg_control = control.data();
        header.msg_controllen = control.size();
        auto* part = CMSG_FIRSTHDR(&header);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
        std::memcpy(CMSG_DATA(part), fds.data(), fds.size() * sizeof(int));
    }
    while (piece.iov_len > 0) {
        const auto sent = ::sendmsg(socket_.get(), &header, MSG_NOSIGNAL);
        if (sent < 0) return false;
        piece.iov_base = static_cast<char*>(piece.iov_base) + sent;
        piece.iov_len -= static_cast<std::size_t>(sent);
        header.msg_control = nullptr;
        header.msg_controllen = 0;
    }
    return true;
}

bool TestClient::send(Command command, ConstSpan body, const std::vector<int>& fds, std::uint32_t flags)
{
    return send_raw(message(command, body, ++next_id, flags), fds);
}

std::optional<Received> TestClient::receive(Millis limit)
{
    Received got;
    if (!read_exactly(fd(), reinterpret_cast<std::byte*>(&got.header), sizeof(Header), got.fds, limit))
        return {};
    if (got.header.size < sizeof(Header) || got.header.size > max_message) return {};
    got.body.resize(got.header.size - sizeof(Header));
    if (!read_exactly(fd(), got.body.data(), got.body.size(), got.fds, limit)) return {};
    return got;
}

Received TestClient::call(Command command, ConstSpan body, const std::vector<int>& fds)
{
    Received nothing;
    nothing.header.flags = header_flag::ERROR;
    nothing.header.error = 9999;
    if (!send(command, body, fds)) {
        ADD_FAILURE() << "server hung up before command " << static_cast<int>(command);
        return nothing;
    }
    auto got = receive();
    const bool ours = got && got->header.id == next_id &&
                      (got->header.flags & header_flag::TYPE_MASK) == header_flag::REPLY &&
                      got->header.command == static_cast<std::uint16_t>(command);
    EXPECT_TRUE(ours) << "no reply to command " << static_cast<int>(command);
    return ours ? std::move(*got) : std::move(nothing);
}

int TestClient::error_of(Command command, ConstSpan body, const std::vector<int>& fds)
{
    const auto reply = call(command, body, fds);
    EXPECT_TRUE(!reply.failed() || reply.body.empty()) << "an error reply is a header and no more";
    return reply.error();
}

bool TestClient::hung_up(Millis limit)
{
    const auto until = std::chrono::steady_clock::now() + limit;
    for (;;) {
        const auto left = std::chrono::duration_cast<Millis>(until - std::chrono::steady_clock::now());
        if (left <= 0ms || !readable(fd(), left)) return false;
        char sink[4096];
        if (::recv(fd(), sink, sizeof(sink), 0) <= 0) return true;
    }
}

bool TestClient::agree(const std::string& capabilities)
{
    return error_of(Command::VERSION, version_body(R"({"capabilities":)" + capabilities + "}")) == 0;
}

int TestClient::map(std::uint64_t address, std::uint64_t size, int fd, std::uint64_t offset,
                    std::uint32_t flags)
{
    return error_of(Command::DMA_MAP, bytes_of(DmaMap{32u, flags, offset, address, size}),
                    fd < 0 ? std::vector<int>{} : std::vector<int>{fd});
}

int TestClient::unmap(std::uint64_t address, std::uint64_t size, std::uint32_t flags)
{
    return error_of(Command::DMA_UNMAP, bytes_of(DmaUnmap{24u, flags, address, size}));
}

std::uint32_t TestClient::read32(unsigned region, std::uint64_t offset)
{
    const auto reply = call(Command::REGION_READ, bytes_of(RegionAccess{offset, region, 4u}));
    const auto value = read_at<le32>(reply.body, sizeof(RegionAccess));
    EXPECT_TRUE(value.has_value());
    return value.value_or(0xdeadbeef);
}

void TestClient::write32(unsigned region, std::uint64_t offset, std::uint32_t value)
{
    auto body = to_bytes(RegionAccess{offset, region, 4u});
    append(body, le32{value});
    EXPECT_EQ(error_of(Command::REGION_WRITE, body), 0);
}

void TestClient::write16(unsigned region, std::uint64_t offset, std::uint16_t value)
{
    auto body = to_bytes(RegionAccess{offset, region, 2u});
    append(body, le16{value});
    EXPECT_EQ(error_of(Command::REGION_WRITE, body), 0);
}

Bytes version_body(const std::string& json, std::uint16_t major, std::uint16_t minor)
{
    Bytes body = to_bytes(Version{major, minor});
    for (const char c : json) body.push_back(static_cast<std::byte>(c));
    body.push_back(std::byte{0});
    return body;
}

void add(Bytes& to, ConstSpan bytes)
{
    const auto at = to.size();
    to.resize(at + bytes.size());
    if (!bytes.empty()) std::memcpy(to.data() + at, bytes.data(), bytes.size());
}

Bytes message(Command command, ConstSpan body, std::uint16_t id, std::uint32_t flags)
{
    auto bytes = to_bytes(Header{id, static_cast<std::uint16_t>(command),
                                 static_cast<std::uint32_t>(sizeof(Header) + body.size()), flags, 0u});
    add(bytes, body);
    return bytes;
}

Fd memory_file(std::uint64_t bytes, bool huge)
{
    Fd file(::memfd_create("vfio-test-memory", MFD_CLOEXEC | (huge ? MFD_HUGETLB : 0u)));
    if (file && ::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0) file.reset();
    return file;
}

std::size_t open_fds()
{
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
    return count - 1;
}

std::size_t mapped_files()
{
    std::ifstream maps("/proc/self/maps");
    std::size_t count = 0;
    for (std::string line; std::getline(maps, line);)
        count += line.find("vfio-test-memory") != std::string::npos;
    return count;
}

std::size_t resident_kib()
{
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6));
    return 0;
}

} // namespace vfio_test
