// SPDX-License-Identifier: BSD-3-Clause
// Questions to the primary, and the window it answers with.
#include "qaic/mldev_guard.hpp"
#include "qaic/secondary/attached.hpp"
#include "qaic/secondary/layout.hpp"
#include "qaic/secondary/process.hpp"
#include <cerrno>
#include <cstring>
#include <rte_errno.h>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

namespace qaic::secondary {
namespace {

constexpr Nanos patience = 2s, between = 2ms;

/// One question, one reply.
Result<Reply> ask_once(const std::string& device, const Request& request, int* fd)
{
    rte_mp_msg out{};
    std::strncpy(out.name, action, sizeof out.name - 1);
    out.len_param = sizeof request;
    std::memcpy(out.param, &request, sizeof request);
    struct rte_mp_reply in {};
    const timespec limit{2, 0};
    if (rte_mp_request_sync(&out, &in, &limit) != 0 || in.nb_received != 1) {
        std::free(in.msgs);
        return fail(Code::E_TIMEOUT,
                    "{}: the primary process does not answer: it is gone, or has no such driver", device);
    }
    const auto message = in.msgs[0];
    std::free(in.msgs);
    const int got = message.num_fds == 1 ? message.fds[0] : -1;
    if (fd != nullptr)
        *fd = got;
    else if (got >= 0)
        ::close(got);
    Reply reply;
    std::memcpy(&reply, message.param, sizeof reply); // a message is always this long
    if (auto same = same_layout(device, message.len_param == sizeof reply ? reply.layout : ~layout_hash());
        !same)
        return tl::unexpected(std::move(same).error());
    if (reply.code != 0) {
        reply.text[sizeof reply.text - 1] = '\0';
        return fail(static_cast<Code>(reply.code), "{} (says the primary process)",
                    std::string_view(reply.text));
    }
    return reply;
}

} // namespace

std::uint64_t layout_hash() noexcept { return layout_hash(QAIC_VERSION); }

Result<void> same_layout(std::string_view device, std::uint64_t theirs, std::uint64_t ours)
{
    if (theirs == ours) return {};
    return fail(
        Code::E_UNSUPP,
        "{}: primary and secondary process are of different builds (layout {:016x}, here {:016x}): use "
        "the same driver in both",
        device, theirs, ours);
}

Result<Reply> ask(const std::string& device, Ask what, std::uint32_t index, int* fd)
{
    if (primary_died()) return fail(Code::E_REMOVED, "{}: the primary process has died", device);
    Request request;
    request.layout = layout_hash();
    request.ask = what, request.index = index, request.pid = ::getpid();
    QAIC_TRY(request.started, start_time(request.pid));
    device.copy(request.device, sizeof request.device - 1);
    for (const auto end = std::chrono::steady_clock::now() + patience;;
         std::this_thread::sleep_for(between)) {
        auto reply = ask_once(device, request, fd);
        if (reply || reply.error().code != Code::E_BUSY || std::chrono::steady_clock::now() >= end)
            return reply;
    }
}

Result<std::vector<std::byte>> ask_for_letter(const Attached& a, Ask what, std::uint32_t index)
{
    constexpr int tries = 16;
    for (int i = 0; i < tries; ++i) {
        QAIC_TRY(const auto reply, ask(a.name, what, index));
        const auto bytes = a.mailbox->bytes;
        if (bytes > Mailbox::capacity) continue;
        std::vector<std::byte> letter(a.mailbox->data.data(), a.mailbox->data.data() + bytes);
        std::atomic_thread_fence(std::memory_order_acquire);
        if (a.mailbox->generation.load() == reply.generation) return letter;
    }
    return fail(Code::E_BUSY, "{}: other processes ask the primary all the time: try again", a.name);
}

Result<MappedWindow> MappedWindow::map(const Reply& reply, int fd)
{
    if (fd < 0 || reply.areas > most_areas)
        return fail(Code::E_PROTO, "the primary process sent no file of the DBC window");
    auto* const wanted = reinterpret_cast<void*>(reply.address);
    MappedWindow w;
    void* const at = ::mmap(wanted, aic100::bar_dbc_bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (at != wanted) {
        if (at != MAP_FAILED) ::munmap(at, aic100::bar_dbc_bytes);
        return fail(
            Code::E_NOMEM,
            "the primary's DBC window at {} is taken in this process: start it again (address space is "
            "laid out at random)",
            wanted);
    }
    w.at_ = at;
    for (std::uint32_t i = 0; i < reply.areas; ++i) {
        const auto& area = reply.area[i];
        if (area.offset > aic100::bar_dbc_bytes || area.bytes > aic100::bar_dbc_bytes - area.offset)
            return fail(Code::E_PROTO, "DBC window: area got=0x{:x}+0x{:x} limit=0x{:x}", area.offset,
                        area.bytes, aic100::bar_dbc_bytes);
        if (::mmap(static_cast<std::byte*>(at) + area.offset, area.bytes, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_FIXED, fd,
                   static_cast<off_t>(reply.file_offset + area.offset)) == MAP_FAILED)
            return fail(Code::E_NOMEM, "DBC window cannot be mapped: {}", std::strerror(errno));
    }
    return w;
}

MappedWindow::~MappedWindow()
{
    if (at_ != nullptr) ::munmap(at_, aic100::bar_dbc_bytes);
}

} // namespace qaic::secondary
