// SPDX-License-Identifier: BSD-3-Clause
#include "vfio_server.hpp"
#include <array>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace test {
using namespace vfio_user;
using namespace qaic;

void Exchange::fail(std::uint32_t error)
{
    header.flags = header_flag::REPLY | header_flag::ERROR;
    header.error = error;
    answer.clear();
    send_fds.clear();
}

VfioServer::VfioServer(Spoil spoil, ServerFacts facts) : spoil_(std::move(spoil)), facts_(std::move(facts))
{
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
    client_.reset(ends[0]), server_.reset(ends[1]);
    file_.reset(::memfd_create("bar2", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (::ftruncate(file_.get(), static_cast<off_t>(facts_.file_bytes)) != 0) std::abort();
    if (facts_.seal) (void)::fcntl(file_.get(), F_ADD_SEALS, F_SEAL_SHRINK);
    window_ = ::mmap(nullptr, 2u << 20, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
    const le32 identity = facts_.vendor_device;
    std::memcpy(config_.data(), &identity, 4);
    thread_ = std::thread([this] { run(); });
}

void VfioServer::stop()
{
    if (thread_.joinable()) {
        ::shutdown(server_.get(), SHUT_RDWR);
        thread_.join();
    }
    if (window_ != nullptr) ::munmap(window_, 2u << 20);
    window_ = nullptr;
    file_.reset();
}

void VfioServer::run()
{
    while (serve_one()) {
    }
    ::shutdown(server_.get(), SHUT_RDWR); // closed in the destructor: its number stays taken until then
}

bool VfioServer::serve_one()
{
    vfu::Socket socket(vfu::Fd(::dup(server_.get())));
    std::array<std::byte, sizeof(Header)> raw{};
    Exchange x;
    const auto until = vfu::monotonic() + 20s;
    if (!socket.receive(raw, x.fds, until)) return false;
    x.request = *read_at<Header>(raw);
    x.body.resize(x.request.size - sizeof(Header));
    if (!socket.receive(x.body, x.fds, until)) return false;
    if ((x.request.flags & header_flag::TYPE_MASK) == header_flag::REPLY) { // to a command of `before`
        if (spoil_) spoil_(x);
        return !x.hang_up;
    }
    x.header = x.request;
    x.header.size = 0;
    x.header.flags = header_flag::REPLY;
    {
        const std::lock_guard guard(lock_);
        answer(x);
    }
    if (spoil_) spoil_(x);
    if (x.hang_up) return false;
    return x.silent || send(x);
}

bool VfioServer::send(Exchange& x)
{
    if (x.header.size == 0) x.header.size = static_cast<std::uint32_t>(sizeof(Header) + x.answer.size());
    Bytes all = std::move(x.before);
    append(all, x.header);
    all.insert(all.end(), x.answer.begin(), x.answer.end());
    iovec part{all.data(), all.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * 64)> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!x.send_fds.empty()) {
        const auto bytes = sizeof(int) * x.send_fds.size();
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(bytes);
        auto* c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(bytes);
        std::memcpy(CMSG_DATA(c), x.send_fds.data(), bytes);
    }
    return ::sendmsg(server_.get(), &message, MSG_NOSIGNAL) == static_cast<ssize_t>(all.size());
}

void VfioServer::answer(Exchange& x)
{
    switch (x.command()) {
    case Command::VERSION: {
        append(x.answer, Version{std::uint16_t{0}, std::uint16_t{1}});
        const auto text = std::as_bytes(std::span(facts_.version.c_str(), facts_.version.size() + 1));
        x.answer.insert(x.answer.end(), text.begin(), text.end());
        return;
    }
    case Command::DEVICE_GET_INFO: append(x.answer, DeviceInfo{16u, device_flag::PCI, regions, irqs}); return;
    case Command::DEVICE_GET_IRQ_INFO:
        append(x.answer, IrqInfo{16u, irq_info_flag::EVENTFD, read_at<IrqInfo>(x.body)->index, 32u});
        return;
    case Command::DEVICE_GET_REGION_INFO: return answer_region(x);
    case Command::REGION_READ: return access(x, false);
    case Command::REGION_WRITE: return access(x, true);
    case Command::DMA_MAP: return map(x, true);
    case Command::DMA_UNMAP: return map(x, false);
    default: return x.fail(EINVAL);
    }
}

void VfioServer::answer_region(Exchange& x)
{
    const auto asked = *read_at<RegionInfo>(x.body);
    const unsigned index = asked.index;
    RegionInfo info{};
    info.argsz = sizeof info;
    info.index = index;
    info.size = index < 6 ? facts_.bar_bytes[index] : index == region_config ? config_.size() : 0;
    if (info.size != 0) info.flags = region_flag::READ | region_flag::WRITE;
    Bytes caps;
    if (index == 2) {
        info.flags = info.flags | region_flag::MMAP | region_flag::CAPS;
        append(caps, SparseMmap{{cap_sparse_mmap, std::uint16_t{1}, 0u}, 1u, 0u});
        append(caps, facts_.doorbells);
        info.argsz = static_cast<std::uint32_t>(sizeof info + caps.size());
    }
    if (asked.argsz >= info.argsz && !caps.empty()) {
        info.cap_offset = sizeof info;
        x.send_fds.push_back(file_.get());
    } else {
        caps.clear();
    }
    append(x.answer, info);
    x.answer.insert(x.answer.end(), caps.begin(), caps.end());
}

void VfioServer::access(Exchange& x, bool write)
{
    const auto a = *read_at<RegionAccess>(x.body);
    auto& space = a.region == region_config ? config_ : registers_;
    append(x.answer, a);
    if (a.offset + a.count > space.size()) return x.fail(EINVAL);
    const auto at = space.begin() + static_cast<std::ptrdiff_t>(a.offset);
    if (write)
        std::copy_n(x.body.begin() + sizeof a, a.count, at);
    else
        x.answer.insert(x.answer.end(), at, at + a.count);
}

void VfioServer::map(Exchange& x, bool add)
{
    if (add) {
        const auto m = *read_at<DmaMap>(x.body);
        if (x.fds.size() != 1) return x.fail(EINVAL);
        maps_[m.address] = m.size;
        return;
    }
    const auto u = *read_at<DmaUnmap>(x.body);
    if (maps_.erase(u.address) == 0) return x.fail(ENOENT);
    append(x.answer, u);
}

std::map<std::uint64_t, std::uint64_t> VfioServer::maps()
{
    const std::lock_guard guard(lock_);
    return maps_;
}
std::uint32_t VfioServer::bar0(std::uint32_t offset)
{
    const std::lock_guard guard(lock_);
    return *read_at<le32>(registers_, offset);
}
std::uint16_t VfioServer::command_register()
{
    const std::lock_guard guard(lock_);
    return *read_at<le16>(config_, 4);
}
volatile std::uint32_t* VfioServer::doorbell(std::uint64_t offset) const
{
    return reinterpret_cast<volatile std::uint32_t*>(static_cast<std::byte*>(window_) + offset);
}

} // namespace test
