// SPDX-License-Identifier: BSD-3-Clause
#include "vfio_user/dma_table.hpp"
#include "base/checked.hpp"
#include "base/ordered_copy.hpp"
#include "vfio_user/guarded_copy.hpp"
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace vfio_user {
namespace {

/// Last address of [address, address + size); nothing when empty or beyond 2^64.
std::optional<std::uint64_t> last_of(std::uint64_t address, std::uint64_t size)
{
    if (size == 0) return std::nullopt;
    return qaic::checked_add<std::uint64_t>(address, size - 1);
}

} // namespace

DmaTable::DmaTable(RemoteMemory& remote, std::size_t limit) : remote_(remote), limit_(limit)
{
    install_bus_error_handler();
}

int DmaTable::map(const DmaMap& request, Fd fd)
{
    const std::uint32_t flags = request.flags;
    const auto last = last_of(request.address, request.size);
    if (!last || flags == 0 || (flags & ~(dma_flag::READ | dma_flag::WRITE)) != 0) return EINVAL;
    if (overlaps(request.address, *last)) return EEXIST;
    if (ranges_.size() >= limit_) return ENOSPC;
    Range range{*last, flags, nullptr, nullptr, 0};
    if (fd)
        if (const int error = map_file(request, fd, range); error != 0) return error;
    ranges_.emplace(std::uint64_t{request.address}, range);
    return 0;
}

int DmaTable::map_file(const DmaMap& request, const Fd& fd, Range& range) const
{
    struct stat about = {};
    if (::fstat(fd.get(), &about) != 0 || !S_ISREG(about.st_mode)) return EINVAL;
    const std::uint64_t offset = request.fd_offset, size = request.size;
    if (about.st_size < 0 || !qaic::range_inside(offset, size, static_cast<std::uint64_t>(about.st_size)))
        return EINVAL;
    const int mode = ::fcntl(fd.get(), F_GETFL);
    if (mode < 0) return EINVAL;
    const bool wants_write = (range.flags & dma_flag::WRITE) != 0;
    if ((mode & O_PATH) != 0 || (mode & O_ACCMODE) == O_WRONLY) return EACCES;
    if (wants_write && (mode & O_ACCMODE) != O_RDWR) return EACCES;
    // Files of huge pages map at their own block size only.
    const auto block = std::max<std::uint64_t>(4096, static_cast<std::uint64_t>(about.st_blksize));
    const auto page = (block & (block - 1)) == 0 ? block : 4096;
    const auto start = offset & ~(page - 1);
    const auto bytes = (offset - start + size + page - 1) & ~(page - 1); // size <= file size: no overflow
    void* base = ::mmap(nullptr, bytes, PROT_READ | (wants_write ? PROT_WRITE : 0), MAP_SHARED, fd.get(),
                        static_cast<off_t>(start));
    if (base == MAP_FAILED) return errno;
    range.map_base = base;
    range.map_bytes = bytes;
    range.data = static_cast<std::byte*>(base) + (offset - start);
    return 0;
}

bool DmaTable::overlaps(std::uint64_t first, std::uint64_t last) const
{
    const auto next = ranges_.upper_bound(last); // the first that begins behind
    return next != ranges_.begin() && std::prev(next)->second.last >= first;
}

int DmaTable::unmap(std::uint64_t address, std::uint64_t size)
{
    const auto last = last_of(address, size);
    if (!last) return EINVAL;
    const auto begin = ranges_.lower_bound(address), end = ranges_.upper_bound(*last);
    if (begin != ranges_.begin() && std::prev(begin)->second.last >= address) return EINVAL;
    if (end != ranges_.begin() && end != begin && std::prev(end)->second.last > *last) return EINVAL;
    last_ = nullptr;
    for (auto at = begin; at != end; ++at) release(at->second);
    ranges_.erase(begin, end);
    return 0;
}

void DmaTable::clear() noexcept
{
    last_ = nullptr;
    for (const auto& [first, range] : ranges_) release(range);
    ranges_.clear();
    broken_ = false;
}

void DmaTable::release(const Range& range) noexcept
{
    if (range.map_base != nullptr) ::munmap(range.map_base, range.map_bytes);
}

const DmaTable::Ranges::value_type* DmaTable::find(std::uint64_t address) const
{
    if (last_ != nullptr && address >= last_->first && address <= last_->second.last) return last_;
    const auto next = ranges_.upper_bound(address);
    if (next == ranges_.begin() || std::prev(next)->second.last < address) return nullptr;
    return last_ = &*std::prev(next);
}

bool DmaTable::covered(std::uint64_t address, std::size_t bytes, std::uint32_t right) const
{
    const auto last = last_of(address, bytes);
    if (!last) return bytes == 0;
    for (auto at = address;;) {
        const auto* range = find(at);
        if (range == nullptr || (range->second.flags & right) == 0) return false;
        if (range->second.last >= *last) return true;
        at = range->second.last + 1;
    }
}

/// Calls local(range, place, part of bytes) or far(address, part of bytes) for each piece, in order.
template<class Span, class Local, class Far>
bool DmaTable::visit(std::uint64_t address, Span bytes, std::uint32_t right, Local local, Far far)
{
    if (broken_ || !covered(address, bytes.size(), right)) return false;
    while (!bytes.empty()) {
        const auto* found = find(address);
        if (found == nullptr) return false;
        const auto& [first, range] = *found;
        const auto n = std::min<std::uint64_t>(bytes.size(), range.last - address + 1);
        const auto part = bytes.first(n);
        if (range.data == nullptr) {
            if (!far(address, part)) return false;
        } else {
            const Guard guard(range.map_base, range.map_bytes);
            local(range.data + (address - first), part);
            if (guard.hit()) return broken_ = true, false;
        }
        bytes = bytes.subspan(n);
        address += n;
    }
    return true;
}

bool DmaTable::read(std::uint64_t address, MutSpan to)
{
    return visit(
        address, to, dma_flag::READ,
        [](const std::byte* from, MutSpan part) { std::memcpy(part.data(), from, part.size()); },
        [this](std::uint64_t at, MutSpan part) { return remote_.read(at, part); });
}

bool DmaTable::write(std::uint64_t address, ConstSpan from)
{
    return visit(
        address, from, dma_flag::WRITE,
        [](std::byte* to, ConstSpan part) { qaic::ordered_copy(to, part.data(), part.size()); },
        [this](std::uint64_t at, ConstSpan part) { return remote_.write(at, part); });
}

} // namespace vfio_user
