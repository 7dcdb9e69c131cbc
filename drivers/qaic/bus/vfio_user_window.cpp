// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/bus/vfio_user_window.hpp"
#include "aic100/regs/registers.hpp"
#include "base/checked.hpp"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace qaic::vfu {
using namespace aic100;

namespace {

Result<void> check_file(const MappedRegion& bar)
{
    struct stat file {};
    if (!bar.file || ::fstat(bar.file.get(), &file) != 0)
        return fail(Code::E_PROTO, "D-BAR BAR 2 may be mapped but came without a file");
    const auto size = static_cast<std::uint64_t>(file.st_size);
    if (!S_ISREG(file.st_mode))
        return fail(Code::E_PROTO, "D-BAR file of BAR 2 is not a file (mode 0{:o})", file.st_mode);
    const auto& r = bar.region;
    for (const auto& area : r.areas)
        if (!range_inside(r.fd_offset, r.bytes, ~std::uint64_t{0}) ||
            !range_inside(r.fd_offset + area.offset, area.bytes, size))
            return fail(Code::E_PROTO,
                        "D-BAR area of BAR 2 ends behind its file got=0x{:x}+0x{:x} limit=0x{:x}",
                        r.fd_offset + area.offset, area.bytes, size);
    // A file that shrinks under a mapping kills whoever touches it.
    const int seals = ::fcntl(bar.file.get(), F_GET_SEALS);
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0)
        return fail(Code::E_PROTO, "D-BAR file of BAR 2 is not sealed against shrinking: server must add "
                                   "F_SEAL_SHRINK");
    return {};
}

// Every doorbell page lies in an area.
Result<void> check_doorbells(const Region& r)
{
    for (unsigned i = 0; i < dbc_count; ++i) {
        const auto inside = [&](const Area& a) {
            return dbc_offset(i) >= a.offset && range_inside(dbc_offset(i) - a.offset, dbc_stride, a.bytes);
        };
        if (std::none_of(r.areas.begin(), r.areas.end(), inside))
            return fail(
                Code::E_UNSUPP,
                "doorbells of BAR 2 cannot be mapped (DBC {}), and this driver never traps on its data "
                "path: start qaic-card without --trap",
                i);
    }
    return {};
}

} // namespace

Result<Window> Window::map(const MappedRegion& bar)
{
    QAIC_CHECK(check_doorbells(bar.region));
    QAIC_CHECK(check_file(bar));
    Window w;
    void* at = ::mmap(nullptr, bar_dbc_bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) return fail(Code::E_NOMEM, "no address space for BAR 2: {}", std::strerror(errno));
    w.base_ = static_cast<std::byte*>(at);
    for (const auto& area : bar.region.areas) {
        if (!range_inside(area.offset, area.bytes, bar_dbc_bytes)) continue;
        const auto from = static_cast<off_t>(bar.region.fd_offset + area.offset);
        if (::mmap(w.base_ + area.offset, area.bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                   bar.file.get(), from) == MAP_FAILED)
            return fail(Code::E_PROTO, "D-BAR file of BAR 2 cannot be mapped: {}", std::strerror(errno));
        w.areas_.push_back(area);
    }
    w.file_ = Fd(::fcntl(bar.file.get(), F_DUPFD_CLOEXEC, 0));
    w.file_offset_ = bar.region.fd_offset;
    if (!w.file_) return fail(Code::E_NOMEM, "file of BAR 2: {}", std::strerror(errno));
    return w;
}

Window& Window::operator=(Window&& o) noexcept
{
    if (this == &o) return *this;
    unmap();
    base_ = std::exchange(o.base_, nullptr);
    areas_ = std::move(o.areas_);
    file_ = std::move(o.file_);
    file_offset_ = o.file_offset_;
    return *this;
}

Bus::WindowFile Window::file() const
{
    Bus::WindowFile f{file_.get(), file_offset_, {}};
    for (const auto& area : areas_) f.areas.emplace_back(area.offset, area.bytes);
    return f;
}

void Window::tear() noexcept
{
    for (const auto& area : areas_) {
        void* ones = ::mmap(nullptr, area.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (ones == MAP_FAILED) continue; // the server's pages stay: sealed, so harmless
        std::memset(ones, 0xff, area.bytes);
        // Takes the place of the old pages in one step for whoever reads them.
        if (::mremap(ones, area.bytes, area.bytes, MREMAP_MAYMOVE | MREMAP_FIXED, base_ + area.offset) ==
            MAP_FAILED)
            ::munmap(ones, area.bytes);
    }
}

void Window::unmap() noexcept
{
    if (base_ != nullptr) ::munmap(base_, bar_dbc_bytes);
    base_ = nullptr;
}

} // namespace qaic::vfu
