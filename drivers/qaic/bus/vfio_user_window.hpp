// SPDX-License-Identifier: BSD-3-Clause
// BAR 2 of a served card: the server's doorbell pages mapped where they belong in 2 MiB of address space.
#pragma once
#include "qaic/bus/bus.hpp"
#include "qaic/bus/vfio_user_client.hpp"

namespace qaic::vfu {

class Window {
  public:
    Window() = default;
    /// E_UNSUPP when the server lets nobody map the doorbells, E_PROTO when its file is shorter than it says
    /// or may become so: never is there a mapping beyond the file's end.
    [[nodiscard]] static Result<Window> map(const MappedRegion& bar);
    Window(Window&& o) noexcept
        : base_(std::exchange(o.base_, nullptr)), areas_(std::move(o.areas_)), file_(std::move(o.file_)),
          file_offset_(o.file_offset_)
    {}
    Window& operator=(Window&& o) noexcept;
    ~Window() { unmap(); }

    /// aic100::bar_dbc_bytes; between the doorbell pages there is memory that means nothing.
    [[nodiscard]] std::byte* data() const noexcept { return base_; }
    /// What is mapped of which file.
    [[nodiscard]] Bus::WindowFile file() const;
    /// From now on every register reads all-ones, as behind a dead link, and writes go nowhere. While others
    /// use the window.
    void tear() noexcept;

  private:
    void unmap() noexcept;
    std::byte* base_ = nullptr;
    std::vector<Area> areas_;
    Fd file_;
    std::uint64_t file_offset_ = 0;
};

} // namespace qaic::vfu
