// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/bus/vfio_user_files.hpp"
#include "base/checked.hpp"
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace qaic::vfu {
namespace {

constexpr const char* remedy =
    "allocate it with rte_malloc, or map a memfd or a hugepage file MAP_SHARED and use that";

/// A line of /proc/self/maps.
struct Mapping {
    std::uint64_t begin = 0, end = 0, offset = 0, inode = 0;
    dev_t device = 0;
    bool shared = false;
};

bool parse(const char* line, Mapping& out)
{
    char rights[5] = {};
    unsigned major_number = 0, minor_number = 0;
    if (std::sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64, &out.begin, &out.end,
                    rights, &out.offset, &major_number, &minor_number, &out.inode) != 7)
        return false;
    out.shared = rights[3] == 's' && rights[0] == 'r' && rights[1] == 'w';
    out.device = makedev(major_number, minor_number);
    return true;
}

// Mappings that touch [va, va + bytes).
std::vector<Mapping> mappings(std::uint64_t va, std::uint64_t bytes)
{
    const std::unique_ptr<FILE, int (*)(FILE*)> maps(std::fopen("/proc/self/maps", "re"), std::fclose);
    std::vector<Mapping> out;
    if (!maps) return out;
    char line[4096 + 128];
    Mapping m;
    while (std::fgets(line, sizeof line, maps.get()) != nullptr)
        if (parse(line, m) && m.end > va && m.begin < va + bytes) out.push_back(m);
    return out;
}

bool same_file(const struct stat& file, const Mapping& m)
{
    return S_ISREG(file.st_mode) && file.st_ino == m.inode && file.st_dev == m.device;
}

// Opens the file of `m` anew through /proc, and makes sure that it is that file.
Fd opened(const std::string& path, const Mapping& m)
{
    Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    struct stat file {};
    return fd && ::fstat(fd.get(), &file) == 0 && same_file(file, m) ? std::move(fd) : Fd{};
}

// Whoever mapped the file may still have it open: finding it among our descriptors needs no privilege. They
// are looked at by name, never used: other threads open and close them meanwhile.
Fd among_open_files(const Mapping& m)
{
    const std::unique_ptr<DIR, int (*)(DIR*)> all(::opendir("/proc/self/fd"), ::closedir);
    while (const auto* entry = all ? ::readdir(all.get()) : nullptr) {
        const auto path = fmt::format("/proc/self/fd/{}", entry->d_name);
        struct stat file {};
        if (::stat(path.c_str(), &file) != 0 || !same_file(file, m)) continue;
        if (auto fd = opened(path, m)) return fd;
    }
    return {};
}

Fd by_mapping(const Mapping& m)
{
    return opened(fmt::format("/proc/self/map_files/{:x}-{:x}", m.begin, m.end),
                  m); // root, or CAP_CHECKPOINT_RESTORE
}

} // namespace

Result<std::vector<FilePiece>> files_behind(const void* va, std::uint64_t bytes)
{
    const auto first = reinterpret_cast<std::uintptr_t>(va);
    const auto end = checked_add<std::uint64_t>(first, bytes);
    if (bytes == 0 || !end) return fail(Code::E_IOVA, "memory 0x{:x}+{} is empty or wraps", first, bytes);
    std::vector<FilePiece> out;
    auto at = first;
    for (const auto& m : mappings(first, bytes)) {
        if (m.begin > at) break;
        if (!m.shared || m.inode == 0)
            return fail(Code::E_IOVA, "memory 0x{:x}+{} is private to this process and cannot be shared: {}",
                        at, bytes, remedy);
        FilePiece piece{reinterpret_cast<std::byte*>(at), std::min(m.end, *end) - at, among_open_files(m),
                        m.offset + (at - m.begin)};
        if (!piece.file) piece.file = by_mapping(m);
        if (!piece.file)
            return fail(
                Code::E_IOVA,
                "file behind memory 0x{:x}+{} is closed and cannot be opened again: keep its descriptor "
                "open until the memory is mapped",
                at, bytes);
        at += piece.bytes;
        out.push_back(std::move(piece));
    }
    if (at != *end) return fail(Code::E_IOVA, "memory 0x{:x}+{} is not mapped", first, bytes);
    return out;
}

} // namespace qaic::vfu
