// SPDX-License-Identifier: BSD-3-Clause
#include "card/dbc_window.hpp"
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

namespace card {
namespace {

constexpr std::uint32_t dbc_registers_bytes = 16;

[[noreturn]] void refuse(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

} // namespace

DbcWindow::DbcWindow() : fd_(::memfd_create("qaic-card-bar2", MFD_CLOEXEC | MFD_ALLOW_SEALING))
{
    if (fd_ < 0) refuse("card: memory file for BAR 2");
    const auto bytes = static_cast<off_t>(aic100::bar_dbc_bytes);
    void* at = MAP_FAILED;
    if (::ftruncate(fd_, bytes) == 0)
        at = ::mmap(nullptr, aic100::bar_dbc_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    if (at == MAP_FAILED) {
        const int error = errno;
        ::close(fd_);
        errno = error;
        refuse("card: 2 MiB of memory for BAR 2");
    }
    // Another process that has the descriptor must not be able to shrink the file under us.
    (void)::fcntl(fd_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    memory_ = static_cast<std::byte*>(at);
}

DbcWindow::~DbcWindow()
{
    ::munmap(memory_, aic100::bar_dbc_bytes);
    ::close(fd_);
}

std::uint32_t* DbcWindow::word(std::uint64_t offset) const noexcept
{
    const auto end = aic100::dbc_offset(aic100::dbc_count);
    const bool known = offset >= aic100::dbc_base && offset < end && offset % 4 == 0 &&
                       offset % aic100::dbc_stride < dbc_registers_bytes;
    return known ? reinterpret_cast<std::uint32_t*>(memory_ + offset) : nullptr;
}

std::uint32_t DbcWindow::read32(std::uint64_t offset) const noexcept
{
    auto* at = word(offset);
    return at == nullptr ? 0 : std::atomic_ref(*at).load(std::memory_order_acquire);
}

void DbcWindow::write32(std::uint64_t offset, std::uint32_t value) noexcept
{
    const auto reg = offset % aic100::dbc_stride;
    auto* at = word(offset);
    if (at == nullptr || (reg != aic100::dbc_reg::REQTP && reg != aic100::dbc_reg::RSPHP)) return;
    std::atomic_ref(*at).store(value, std::memory_order_release);
}

void DbcWindow::clear() noexcept
{
    for (unsigned dbc = 0; dbc < aic100::dbc_count; ++dbc)
        for (std::uint32_t reg = 0; reg < dbc_registers_bytes; reg += 4)
            std::atomic_ref(*word(aic100::dbc_offset(dbc) + reg)).store(0);
}

void DbcWindow::fill_all_ones() noexcept
{
    for (unsigned dbc = 0; dbc < aic100::dbc_count; ++dbc)
        for (std::uint32_t reg = 0; reg < dbc_registers_bytes; reg += 4)
            std::atomic_ref(*word(aic100::dbc_offset(dbc) + reg)).store(aic100::all_ones);
}

} // namespace card
