// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/bus/vfio_user_shares.hpp"
#include "base/checked.hpp"
#include "qaic/bus/vfio_user_files.hpp"
#include <cerrno>
#include <cstring>
#include <sys/stat.h>

namespace qaic::vfu {

Result<void> Shares::room_for(std::uint64_t iova, std::uint64_t bytes) const
{
    const auto end = checked_add(iova, bytes);
    if (bytes == 0 || !end)
        return fail(Code::E_IOVA, "DMA map refused (empty or wrapping) got=0x{:x}+{}", iova, bytes);
    const auto next = table_.lower_bound(iova);
    const bool hits_next = next != table_.end() && next->first < *end;
    const bool hits_previous =
        next != table_.begin() && std::prev(next)->first + std::prev(next)->second > iova;
    if (hits_next || hits_previous) {
        const auto& other = hits_next ? *next : *std::prev(next);
        return fail(Code::E_IOVA, "DMA map refused (overlap) got=0x{:x}+{} limit=0x{:x}+{}", iova, bytes,
                    other.first, other.second);
    }
    if (table_.size() >= client_.agreed().max_maps)
        return fail(
            Code::E_LIMIT,
            "DMA map refused got={} ranges limit={} of the server: use larger pages, or reserve EAL's "
            "memory at its start (-m) with --single-file-segments",
            table_.size() + 1, client_.agreed().max_maps);
    return {};
}

// Says before the server does that a file ends too early: a mapping must not be longer than its file.
static Result<void> check_file(int fd, std::uint64_t offset, std::uint64_t bytes)
{
    struct stat s {};
    if (::fstat(fd, &s) != 0)
        return fail(Code::E_IOVA, "DMA map refused: memory's file: {}", std::strerror(errno));
    if (!range_inside(offset, bytes, static_cast<std::uint64_t>(s.st_size)))
        return fail(Code::E_IOVA, "DMA map refused: memory's file is too short got=0x{:x}+{} limit={}",
                    offset, bytes, s.st_size);
    return {};
}

Result<void> Shares::add_locked(std::uint64_t iova, std::uint64_t bytes, int fd, std::uint64_t fd_offset)
{
    if (const auto same = table_.find(iova); same != table_.end() && same->second == bytes) return {};
    QAIC_CHECK(room_for(iova, bytes));
    QAIC_CHECK(check_file(fd, fd_offset, bytes));
    const auto at = table_.emplace(iova, bytes).first;
    auto mapped = client_.dma_map(iova, bytes, fd, fd_offset);
    if (mapped)
        reach_.add(iova, bytes);
    else
        table_.erase(at);
    return mapped;
}

Result<void> Shares::add(Iova iova, std::uint64_t bytes, int fd, std::uint64_t fd_offset)
{
    const std::lock_guard guard(lock_);
    return add_locked(iova.value, bytes, fd, fd_offset);
}

Result<void> Shares::add_memory(Iova iova, const void* va, std::uint64_t bytes)
{
    QAIC_TRY(const auto pieces, files_behind(va, bytes));
    const std::lock_guard guard(lock_);
    QAIC_CHECK(room_for(iova.value, bytes));
    std::uint64_t done = 0;
    for (const auto& piece : pieces) {
        auto mapped = add_locked(iova.value + done, piece.bytes, piece.file.get(), piece.offset);
        if (mapped) {
            done += piece.bytes;
            continue;
        }
        for (auto at = table_.find(iova.value); at != table_.end() && at->first < iova.value + done;
             at = table_.erase(at)) {
            reach_.remove(at->first, at->second);
            (void)client_.dma_unmap(at->first, at->second); // the first error is the one to report
        }
        return mapped;
    }
    return {};
}

Result<void> Shares::remove(Iova iova, std::uint64_t bytes)
{
    const std::lock_guard guard(lock_);
    const auto end = checked_add(iova.value, bytes);
    const auto first = table_.find(iova.value);
    auto last = first;
    auto at = iova.value;
    while (end && last != table_.end() && last->first == at && at < *end) at += last->second, ++last;
    if (!end || bytes == 0 || at != *end)
        return fail(Code::E_IOVA, "DMA unmap refused (not exactly what was mapped) got=0x{:x}+{}", iova.value,
                    bytes);
    reach_.remove(iova.value, bytes); // first: nothing new may be sent there
    for (auto i = first; i != last; i = table_.erase(i)) QAIC_CHECK(client_.dma_unmap(i->first, i->second));
    return {};
}

Result<void> Shares::remove_inside(Iova iova, std::uint64_t bytes)
{
    const std::lock_guard guard(lock_);
    Result<void> result;
    auto at = table_.lower_bound(iova.value);
    while (at != table_.end() && range_inside(at->first - iova.value, at->second, bytes)) {
        reach_.remove(at->first, at->second);
        auto gone = client_.dma_unmap(at->first, at->second);
        if (gone) {
            at = table_.erase(at);
            continue;
        }
        if (result) result = std::move(gone);
        ++at;
    }
    return result;
}

bool Shares::covers(Iova iova, std::uint64_t bytes) const
{
    const std::lock_guard guard(lock_);
    auto at = table_.upper_bound(iova.value);
    if (at == table_.begin()) return bytes == 0;
    --at;
    auto from = iova.value;
    for (auto left = bytes; left != 0; ++at) {
        if (at == table_.end() || from < at->first || from - at->first >= at->second) return false;
        const auto piece = std::min(left, at->second - (from - at->first));
        left -= piece, from += piece;
    }
    return true;
}

std::size_t Shares::size() const
{
    const std::lock_guard guard(lock_);
    return table_.size();
}

} // namespace qaic::vfu
