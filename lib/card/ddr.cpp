// SPDX-License-Identifier: BSD-3-Clause
#include "card/ddr.hpp"
#include "base/checked.hpp"
#include <algorithm>
#include <sys/mman.h>
#include <utility>

namespace card {

std::optional<ZeroPages> ZeroPages::map(std::uint64_t bytes)
{
    ZeroPages out;
    if (bytes == 0) return out;
    void* at =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) return std::nullopt;
    ::madvise(at, bytes, MADV_DONTDUMP); // advice: a card's memory would make a core file of 32 GiB
    // Constants: page by page, taking the faults costs more than the copy.
    if (bytes >= std::uint64_t{4} << 20) ::madvise(at, bytes, MADV_HUGEPAGE);
    out.bytes_ = {static_cast<std::byte*>(at), bytes};
    return out;
}

ZeroPages::ZeroPages(ZeroPages&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

ZeroPages& ZeroPages::operator=(ZeroPages&& other) noexcept
{
    std::swap(bytes_, other.bytes_);
    return *this;
}

ZeroPages::~ZeroPages()
{
    if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

Region::Region(Region&& other) noexcept
    : ddr_(std::exchange(other.ddr_, nullptr)), address_(std::exchange(other.address_, 0)),
      pages_(std::move(other.pages_))
{}

Region& Region::operator=(Region&& other) noexcept
{
    std::swap(ddr_, other.ddr_);
    std::swap(address_, other.address_);
    pages_ = std::move(other.pages_); // swaps
    return *this;
}

Region::~Region()
{
    if (ddr_ != nullptr) ddr_->release(address_);
}

Ddr::Ddr(std::uint64_t base, std::uint64_t bytes) : base_(base), bytes_(bytes), free_(bytes) {}

std::optional<Region> Ddr::allocate(std::uint64_t bytes, std::uint64_t align, Place place)
{
    if (bytes == 0 || bytes > free_) return std::nullopt;
    const auto at = place == Place::LOW ? lowest_fit(bytes, align) : highest_fit(bytes, align);
    if (!at) return std::nullopt;
    auto pages = ZeroPages::map(bytes);
    if (!pages) return std::nullopt;
    used_.emplace(*at, bytes);
    free_ -= bytes;
    Region out;
    out.ddr_ = this;
    out.address_ = *at;
    out.pages_ = std::move(*pages);
    return out;
}

std::optional<std::uint64_t> Ddr::lowest_fit(std::uint64_t bytes, std::uint64_t align) const noexcept
{
    std::uint64_t from = base_;
    const auto fits = [&](std::uint64_t end) -> std::optional<std::uint64_t> {
        const auto at = checked_align_up(from, align);
        if (at && *at <= end && end - *at >= bytes) return at;
        return std::nullopt;
    };
    for (const auto& [address, length] : used_) {
        if (const auto at = fits(address)) return at;
        from = address + length;
    }
    return fits(base_ + bytes_);
}

std::optional<std::uint64_t> Ddr::highest_fit(std::uint64_t bytes, std::uint64_t align) const noexcept
{
    std::uint64_t end = base_ + bytes_;
    const auto fits = [&](std::uint64_t from) -> std::optional<std::uint64_t> {
        if (end - from < bytes) return std::nullopt;
        const auto at = (end - bytes) & ~(align - 1);
        if (at >= from) return at;
        return std::nullopt;
    };
    for (auto it = used_.rbegin(); it != used_.rend(); ++it) {
        if (const auto at = fits(it->first + it->second)) return at;
        end = it->first;
    }
    return fits(base_);
}

std::uint64_t Ddr::largest_hole() const noexcept
{
    std::uint64_t from = base_, best = 0;
    for (const auto& [address, length] : used_) {
        best = std::max(best, address - from);
        from = address + length;
    }
    return std::max(best, base_ + bytes_ - from);
}

void Ddr::release(std::uint64_t address)
{
    const auto it = used_.find(address);
    if (it == used_.end()) return;
    free_ += it->second;
    used_.erase(it);
}

} // namespace card
