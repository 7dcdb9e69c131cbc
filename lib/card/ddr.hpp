// SPDX-License-Identifier: BSD-3-Clause
// Memory of the card: a bus range of 32 GiB or so that costs host memory only where it was written. A region
// handed out is contiguous host memory, so a DMA transfer is one copy. Fresh regions read as zeros.
#pragma once
#include "base/bytes.hpp"
#include <cstdint>
#include <map>
#include <optional>

namespace card {
using namespace qaic;

/// Anonymous zero pages; the system commits each on first write. Move-only.
class ZeroPages {
  public:
    ZeroPages() = default;
    /// Nothing when the address space is exhausted. `bytes` may be 0.
    [[nodiscard]] static std::optional<ZeroPages> map(std::uint64_t bytes);
    ZeroPages(ZeroPages&& other) noexcept;
    ZeroPages& operator=(ZeroPages&& other) noexcept;
    ~ZeroPages();
    [[nodiscard]] MutSpan bytes() const noexcept { return bytes_; }

  private:
    MutSpan bytes_;
};

class Ddr;

/// A piece of card memory with one owner; goes back to the allocator with it. Must not outlive the Ddr.
class Region {
  public:
    Region() = default;
    Region(Region&& other) noexcept;
    Region& operator=(Region&& other) noexcept;
    ~Region();
    /// In the card's DMA address map; 0 for an empty region.
    [[nodiscard]] std::uint64_t address() const noexcept { return address_; }
    [[nodiscard]] MutSpan bytes() const noexcept { return pages_.bytes(); }
    explicit operator bool() const noexcept { return ddr_ != nullptr; }

  private:
    friend class Ddr;
    Ddr* ddr_ = nullptr;
    std::uint64_t address_ = 0;
    ZeroPages pages_;
};

/// Which end of the memory a region comes from: what lives long (images, constants) is kept at the top.
enum class Place { LOW, HIGH };

/// First fit over [base, base + bytes).
class Ddr {
  public:
    Ddr(std::uint64_t base, std::uint64_t bytes);
    /// `align` is a power of two. Nothing when no hole is large enough (status -4).
    [[nodiscard]] std::optional<Region> allocate(std::uint64_t bytes, std::uint64_t align,
                                                 Place place = Place::LOW);
    [[nodiscard]] std::uint64_t base() const noexcept { return base_; }
    [[nodiscard]] std::uint64_t total() const noexcept { return bytes_; }
    [[nodiscard]] std::uint64_t free() const noexcept { return free_; }
    [[nodiscard]] std::uint64_t largest_hole() const noexcept;

  private:
    friend class Region;
    void release(std::uint64_t address);
    [[nodiscard]] std::optional<std::uint64_t> lowest_fit(std::uint64_t bytes,
                                                          std::uint64_t align) const noexcept;
    [[nodiscard]] std::optional<std::uint64_t> highest_fit(std::uint64_t bytes,
                                                           std::uint64_t align) const noexcept;
    std::uint64_t base_, bytes_, free_;
    std::map<std::uint64_t, std::uint64_t> used_; ///< address -> bytes
};

} // namespace card
