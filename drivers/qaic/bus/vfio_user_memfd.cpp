// SPDX-License-Identifier: BSD-3-Clause
// DMA memory for a VfioUserBus without EAL: a memfd for each block, sealed against shrinking
// (reliability.md 8.2).
#include "base/checked.hpp"
#include "qaic/bus/vfio_user.hpp"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace qaic {
namespace {

constexpr std::uint64_t page = 4096;
// IOVA and address must not be mistaken for one another.
constexpr std::uint64_t iova_offset = 1ull << 48;

struct Blocks {
    std::mutex lock;
    std::unordered_map<std::byte*, std::size_t> bytes_of;
};

Result<vfu::Fd> memory_file(std::size_t bytes, const char* what)
{
    vfu::Fd fd(::memfd_create("qaic-dma", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd || ::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0 ||
        ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return fail(Code::E_NOMEM, "memfd of {} bytes for {}: {}", bytes, what, std::strerror(errno));
    return fd;
}

// Maps `fd` at a multiple of `align`: reserves enough for one to be inside, and frees the rest.
std::byte* map_aligned(int fd, std::size_t bytes, std::size_t align)
{
    const auto span = bytes + align;
    void* const reserved =
        ::mmap(nullptr, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reserved == MAP_FAILED) return nullptr;
    auto* const begin = static_cast<std::byte*>(reserved);
    const auto skip = (align - reinterpret_cast<std::uintptr_t>(begin) % align) % align;
    auto* const at = begin + skip;
    if (::mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED) {
        ::munmap(begin, span);
        return nullptr;
    }
    if (skip != 0) ::munmap(begin, skip);
    if (span - skip - bytes != 0) ::munmap(at + bytes, span - skip - bytes);
    return at;
}

Iova iova_of(const std::byte* va) { return Iova{reinterpret_cast<std::uintptr_t>(va) + iova_offset}; }

} // namespace

VfioUserBus::Allocator VfioUserBus::memfd(VfioUserLink& link)
{
    const auto blocks = std::make_shared<Blocks>();
    Allocator a;
    a.take = [blocks, &link](std::size_t wanted, std::size_t align, const char* what) -> Result<Block> {
        const auto rounded = checked_align_up(wanted, page);
        if (!rounded) return fail(Code::E_NOMEM, "{} bytes for {}", wanted, what);
        QAIC_TRY(const auto fd, memory_file(*rounded, what));
        auto* const va = map_aligned(fd.get(), *rounded, std::max<std::size_t>(align, page));
        if (va == nullptr)
            return fail(Code::E_NOMEM, "{} bytes for {}: {}", wanted, what, std::strerror(errno));
        if (auto shared = link.shares().add(iova_of(va), *rounded, fd.get(), 0); !shared) {
            ::munmap(va, *rounded);
            return tl::unexpected(std::move(shared).error());
        }
        const std::lock_guard guard(blocks->lock);
        blocks->bytes_of[va] = *rounded;
        return Block{va, iova_of(va)};
    };
    a.give = [blocks, &link](std::byte* va) -> Result<void> {
        const std::lock_guard guard(blocks->lock);
        const auto it = blocks->bytes_of.find(va);
        if (it == blocks->bytes_of.end()) return {};
        if (!link.client().lost()) QAIC_CHECK(link.shares().remove(iova_of(va), it->second));
        ::munmap(va, it->second);
        blocks->bytes_of.erase(it);
        return {};
    };
    return a;
}

} // namespace qaic
