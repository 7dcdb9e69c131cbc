// SPDX-License-Identifier: BSD-3-Clause
// The vfio-user client against a server that is nothing but bytes: whatever it sends, the client ends in
// bounded time, and holds no descriptor and no mapping afterwards. Input: records of a file kind (1 byte), a
// length (2), and as many bytes, sent in one piece with the file beside them.
#include "qaic/bus/vfio_user.hpp"
#include <array>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {
using namespace qaic;

/// What a server might pass off as BAR 2.
struct Files {
    vfu::Fd good = file(2u << 20, true), brief = file(0x21000, true), open_end = file(2u << 20, false),
            device{::open("/dev/null", O_RDWR | O_CLOEXEC)};
    static vfu::Fd file(off_t bytes, bool sealed)
    {
        vfu::Fd fd(::memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING));
        if (::ftruncate(fd.get(), bytes) != 0) std::abort();
        if (sealed && ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK) != 0) std::abort();
        return fd;
    }
    [[nodiscard]] int of(unsigned kind) const
    {
        const std::array<int, 5> all{-1, good.get(), brief.get(), open_end.get(), device.get()};
        return all[kind % all.size()];
    }
};

void send(int socket, ConstSpan bytes, int fd)
{
    iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof fd)> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (fd >= 0) {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        auto* c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof fd);
        std::memcpy(CMSG_DATA(c), &fd, sizeof fd);
    }
    (void)::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

std::size_t descriptors()
{
    std::size_t n = 0;
    for ([[maybe_unused]] const auto& fd : std::filesystem::directory_iterator("/proc/self/fd")) ++n;
    return n;
}

/// One page, mapped once: memory that a lost server keeps is never freed, and would pile up here.
struct Page {
    vfu::Fd file = Files::file(4096, true);
    std::byte* va =
        static_cast<std::byte*>(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0));
};

VfioUserBus::Allocator one_page(VfioUserLink& link, const Page& page)
{
    static constexpr Iova at{0x2000};
    VfioUserBus::Allocator a;
    a.take = [&link, &page](std::size_t, std::size_t, const char*) -> Result<VfioUserBus::Block> {
        QAIC_CHECK(link.shares().add(at, 4096, page.file.get(), 0));
        return VfioUserBus::Block{page.va, at};
    };
    a.give = [&link](std::byte*) { return link.shares().remove(at, 4096); };
    return a;
}

// What a driver does first with a bus that came up.
void use(VfioUserLink& link, const Page& page)
{
    VfioUserBus bus(link, "fuzz", one_page(link, page));
    (void)bus.mhi_read32(0);
    (void)bus.set_bus_master(true);
    auto memory = bus.dma_alloc(4096, 4096, "ring");
    bus.dbc_window()[0x20004] = std::byte{1};
    if (memory) (void)bus.dma_map(memory->data(), Iova{0x1000}, 4096);
    bus.mhi_write32(8, 1);
    (void)bus.mhi_read32(8);
    (void)bus.dma_unmap(Iova{0x1000}, 4096);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const Files files;
    static const Page page;
    const std::size_t held = descriptors();
    {
        int ends[2] = {-1, -1};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
        const vfu::Fd server(ends[1]);
        auto rest = std::as_bytes(std::span(data, size));
        while (rest.size() > 3) {
            const auto bytes = std::min<std::size_t>(read_at<le16>(rest, 1)->get(), rest.size() - 3);
            if (bytes != 0)
                send(server.get(), rest.subspan(3, bytes), files.of(std::to_integer<unsigned>(rest[0])));
            rest = rest.subspan(3 + bytes);
        }
        ::shutdown(server.get(), SHUT_WR);
        auto link =
            VfioUserLink::over(vfu::Socket(vfu::Fd(ends[0])), "fuzz", {std::chrono::milliseconds(5), {}});
        if (link) use(**link, page);
    }
    if (descriptors() != held) std::abort();
    return 0;
}
