// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/bus/vfio_user.hpp"
#include "aic100/regs/registers.hpp"
#include <array>
#include <cstring>
#include <new>
#include <sys/eventfd.h>
#include <thread>

namespace qaic {
using namespace aic100;

namespace {

constexpr std::uint64_t pci_command = 0x04;
constexpr std::uint16_t command_memory = 1u << 1, command_master = 1u << 2;

// A failure inside a noexcept call must not end the process for want of memory for its text.
template<class Body>
bool holds(Body&& body) noexcept
{
    try {
        return static_cast<bool>(body());
    } catch (const std::bad_alloc&) {
        return false;
    }
}

} // namespace

VfioUserBus::VfioUserBus(VfioUserLink& link, std::string name, Allocator allocator)
    : Bus(link.shares().reach()), link_(link), name_(std::move(name)), allocator_(std::move(allocator))
{}

VfioUserBus::~VfioUserBus()
{
    if (!link_.client().lost()) (void)set_bus_master(false);
    for (const auto& [va, bytes] : owned_) // retired memory: no DMA is left by now
        if (may_reuse()) (void)holds([&, at = va] { return allocator_.give(at); });
}

Result<int> VfioUserBus::completion_fd(unsigned dbc)
{
    // One message for everything when the server has fewer vectors than the card wants (1.4).
    const auto vector = link_.msi_vectors() >= msi_vectors_wanted ? dbc + 1 : 0;
    if (dbc >= dbc_count || link_.msi_vectors() == 0)
        return fail(Code::E_UNSUPP, "{}: no MSI for DBC {}", name_, dbc);
    if (const auto known = completion_fds_.find(vector); known != completion_fds_.end())
        return known->second.get();
    vfu::Fd fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!fd) return fail(Code::E_NOMEM, "{}: eventfd for MSI {}: {}", name_, vector, std::strerror(errno));
    QAIC_CHECK(link_.client().arm_irq(vfio_user::irq_msi, vector, fd.get()));
    return completion_fds_.emplace(vector, std::move(fd)).first->second.get();
}

std::uint32_t VfioUserBus::mhi_bytes() const noexcept { return static_cast<std::uint32_t>(bar_mhi_bytes); }
std::uint64_t VfioUserBus::dbc_bytes() const noexcept { return bar_dbc_bytes; }

std::uint32_t VfioUserBus::mhi_read32(std::uint32_t offset) noexcept
{
    std::array<std::byte, 4> raw{};
    const bool read = holds([&] { return link_.client().read(bar_mhi, offset, raw); });
    return read ? read_at<le32>(raw)->get() : all_ones;
}

void VfioUserBus::mhi_write32(std::uint32_t offset, std::uint32_t value) noexcept
{
    const le32 word = value;
    // Posted, as on a bus: what went wrong shows in the next read.
    (void)holds([&] { return link_.client().write(bar_mhi, offset, bytes_of(word)); });
}

Result<void> VfioUserBus::set_bus_master(bool on) noexcept
try {
    auto& client = link_.client();
    constexpr auto config = vfio_user::region_config;
    std::array<std::byte, 2> raw{};
    QAIC_CHECK(client.read(config, pci_command, raw));
    const auto before = read_at<le16>(raw)->get();
    const auto wanted =
        static_cast<std::uint16_t>((before & ~command_master) | command_memory | (on ? command_master : 0u));
    const le16 word = wanted;
    QAIC_CHECK(client.write(config, pci_command, bytes_of(word)));
    QAIC_CHECK(client.read(config, pci_command, raw));
    const auto after = read_at<le16>(raw)->get();
    if (((after & command_master) != 0) != on)
        return fail(Code::E_PROTO, "{}: bus master enable did not become {} (command register 0x{:x})", name_,
                    on ? 1 : 0, after);
    return {};
} catch (const std::bad_alloc&) {
    return tl::unexpected(Error{Code::E_NOMEM, {}});
}

Result<DmaMemory> VfioUserBus::dma_alloc(std::size_t bytes, std::size_t align, const char* what)
{
    if (bytes == 0 || align < 64 || (align & (align - 1)) != 0)
        return fail(Code::E_INVAL, "{}: DMA memory of {} bytes aligned to {}", name_, bytes, align);
    QAIC_TRY(const auto block, allocator_.take(bytes, align, what));
    owned_[block.va] = bytes;
    allocated_ += bytes;
    DmaMemory memory(this, block.va, block.iova, bytes);
    if (!link_.shares().covers(block.iova, bytes)) // freed again by its destructor
        return fail(link_.client().lost() ? Code::E_REMOVED : Code::E_IOVA,
                    "{}: {} of {} bytes is not shared with the card's server: see the messages before", name_,
                    what, bytes);
    return memory;
}

// Of memory that a server may still write to when nothing tells it not to: it is never used again
// (reliability.md 2.3).
bool VfioUserBus::may_reuse() const noexcept
{
    return !link_.client().lost() || link_.client().server_ended();
}

void VfioUserBus::dma_free(std::byte* va, Iova, std::size_t bytes) noexcept
{
    if (owned_.erase(va) == 0) return;
    allocated_ -= bytes;
    if (may_reuse()) (void)holds([&] { return allocator_.give(va); });
}

Result<void> VfioUserBus::dma_map(void* va, Iova iova, std::size_t bytes)
{
    auto mapped = link_.shares().add_memory(iova, va, bytes);
    return mapped ? mapped : fail_at(name_, std::move(mapped).error());
}

Result<void> VfioUserBus::dma_unmap(Iova iova, std::size_t bytes)
{
    auto unmapped = link_.shares().remove(iova, bytes);
    return unmapped ? unmapped : fail_at(name_, std::move(unmapped).error());
}

void VfioUserBus::relax(Nanos at_most) noexcept
{
    std::this_thread::sleep_for(std::min<Nanos>(at_most, 50us));
}

} // namespace qaic
