// SPDX-License-Identifier: BSD-3-Clause
// Memories of the NSPs, each between pages that fault.
#include "base/checked.hpp"
#include "card/nsp/native_host/host.hpp"
#include <sys/mman.h>
#include <sys/stat.h>

namespace nsp_host {
namespace {
constexpr std::uint64_t page = 4096;

std::byte* reserve(std::uint64_t bytes)
{
    void* at = ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at == MAP_FAILED ? nullptr : static_cast<std::byte*>(at);
}

/// Maps a part of the file; an empty part is a page of its own that faults.
std::byte* map_guarded(int fd, std::uint64_t offset, std::uint64_t bytes, int protection)
{
    auto* at = reserve(bytes + 2 * page);
    if (at == nullptr || bytes == 0) return at;
    void* inside =
        ::mmap(at + page, bytes, protection, MAP_SHARED | MAP_FIXED, fd, static_cast<off_t>(offset));
    return inside == MAP_FAILED ? nullptr : static_cast<std::byte*>(inside);
}

bool good(const NativePart& part, std::uint64_t file)
{
    return part.offset % page == 0 && range_inside(part.offset, part.bytes, file);
}

bool check(const NativeSetup& s, std::uint64_t file)
{
    return s.magic == native_magic && s.version == native_version && s.nsps >= 1 && s.nsps <= max_nsps &&
           s.threads >= 1 && s.threads <= aic100::nsp_max_threads && s.mcids <= max_mcids &&
           s.semaphores <= 32 && s.l2tcm_bytes <= max_l2tcm && s.vtcm_bytes <= max_vtcm &&
           good(s.elf, file) && good(s.constants, file) && good(s.on_chip, file) && good(s.ddr, file) &&
           s.on_chip_stride >= std::uint64_t{s.l2tcm_bytes} + s.vtcm_bytes && s.on_chip_stride % page == 0 &&
           s.on_chip_stride * s.nsps <= s.on_chip.bytes;
}

/// Address space of the send windows: nothing there, so that a plain store to one is seen at once.
std::byte* map_windows(const NativeSetup& s) { return reserve(s.mcids * 0x800000ull + page); }
} // namespace

std::string map_arena(int fd)
{
    struct stat info {};
    if (::fstat(fd, &info) != 0 || info.st_size < static_cast<off_t>(sizeof(NativeHeader)))
        return "no memory file of a card";
    void* at = ::mmap(nullptr, sizeof(NativeHeader), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) return "memory file cannot be mapped";
    auto& header = *static_cast<NativeHeader*>(at);
    host.shared = &header.shared;
    host.setup = &header.setup;
    const auto& s = header.setup;
    if (!check(s, static_cast<std::uint64_t>(info.st_size))) return "memory file is of another version";
    host.elf = map_guarded(fd, s.elf.offset, s.elf.bytes, PROT_READ);
    host.constants = map_guarded(fd, s.constants.offset, s.constants.bytes, PROT_READ);
    host.ddr = map_guarded(fd, s.ddr.offset, s.ddr.bytes, PROT_READ | PROT_WRITE);
    bool all = host.elf != nullptr && host.constants != nullptr && host.ddr != nullptr;
    for (unsigned n = 0; n < s.nsps; ++n) {
        auto& nsp = host.nsps[n];
        nsp.id = n;
        nsp.l2tcm = map_guarded(fd, s.on_chip.offset + n * s.on_chip_stride, s.on_chip_stride,
                                PROT_READ | PROT_WRITE);
        nsp.vtcm = nsp.l2tcm == nullptr ? nullptr : nsp.l2tcm + s.l2tcm_bytes;
        nsp.windows = map_windows(s);
        all = all && nsp.l2tcm != nullptr && nsp.windows != nullptr;
    }
    return all ? "" : "no address space for the memories of the NSPs";
}

std::string prepare(Nsp& nsp)
{
    const auto& s = *host.setup;
    auto& c = nsp.context;
    const auto own = s.heap_bytes + page; // the L2-cached page after the heap
    void* heap =
        ::mmap(nullptr, own, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (heap == MAP_FAILED) return "no memory for the program's heap";
    nsp.heap = static_cast<std::byte*>(heap);
    const auto bytes = [](std::byte* at) { return reinterpret_cast<std::uint8_t*>(at); };
    c.major = QAIC_NSP_CONTEXT_MAJOR;
    c.minor = QAIC_NSP_CONTEXT_MINOR;
    c.nsp = static_cast<std::uint8_t>(nsp.id);
    c.l2tcm = bytes(nsp.l2tcm);
    c.vtcm = bytes(nsp.vtcm);
    if (s.constants_at[nsp.id] >= 0)
        c.constants = reinterpret_cast<const std::uint8_t*>(host.constants) + s.constants_at[nsp.id];
    c.ddr = bytes(host.ddr);
    if (s.l2_cached_bytes != 0) c.l2_cached_ddr = bytes(nsp.heap + s.heap_bytes);
    for (unsigned id = 0; id < max_mcids; ++id)
        nsp.send_windows[id] = reinterpret_cast<std::uintptr_t>(nsp.windows) + id * 0x800000ull;
    c.send_windows = nsp.send_windows.data();
    for (unsigned i = 0; i < nsp.semaphores.size(); ++i)
        nsp.semaphores[i] = {&host.shared->commands[nsp.id][i], static_cast<std::uint16_t>(i)};
    c.semaphores = nsp.semaphores.data();
    if (s.heap_bytes != 0) c.heap = nsp.heap;
    c.heap_bytes = s.heap_bytes;
    c.utc_offset = &host.utc_offset;
    add_services(c);
    c.start_time = c.utimer();
    return {};
}

} // namespace nsp_host
