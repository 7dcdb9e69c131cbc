// SPDX-License-Identifier: BSD-3-Clause
#include "card/nsp/native_arena.hpp"
#include "base/checked.hpp"
#include "card/nsp/memory.hpp"
#include <algorithm>
#include <atomic>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace card {
namespace {
constexpr std::uint64_t page = 4096;

/// Puts parts one after the other, each on a page of its own.
struct Layout {
    std::uint64_t next = 0;
    bool good = true;
    NativePart add(std::uint64_t bytes)
    {
        const NativePart part{next, bytes};
        const auto end = checked_add(next, bytes);
        const auto aligned = end ? checked_align_up(*end, page) : std::nullopt;
        good = good && aligned && *aligned <= static_cast<std::uint64_t>(LONG_MAX);
        next = good ? *aligned : 0;
        return part;
    }
};

void futex_wake(std::uint32_t& word) noexcept
{
    ::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void fill_windows(NativeSetup& s, const Program& p)
{
    for (unsigned n = 0; n < p.nsps; ++n)
        for (std::size_t id = 0; id < p.receive[n].size() && id < max_mcids; ++id) {
            const auto& from = p.receive[n][id];
            auto& to = s.windows[n][id];
            to = {from.base, from.send_mask, from.vtcm, from.dynamic, id < p.host_masks.size(), 0};
        }
}

void fill_setup(NativeSetup& s, const Program& p)
{
    s.magic = native_magic;
    s.version = native_version;
    s.nsps = p.nsps;
    s.threads = static_cast<std::uint32_t>(p.native.entries.size());
    s.mcids = p.mcids;
    s.semaphores = p.semaphores;
    s.l2tcm_bytes = p.l2tcm_bytes;
    s.vtcm_bytes = p.vtcm_bytes;
    s.static_constants = p.static_constants;
    s.static_ddr = p.static_ddr;
    s.dynamic_ddr_at = (p.static_ddr + ddr_align - 1) & ~(ddr_align - 1);
    s.dynamic_ddr = p.dynamic_ddr;
    s.heap_bytes = p.native.heap_bytes;
    s.exit_doorbell = p.exit_doorbell;
    s.l2_cached_bytes = p.native.l2_cached_bytes;
    std::copy(p.native.entries.begin(), p.native.entries.end(), s.entry);
    std::copy(p.native.constants_at.begin(), p.native.constants_at.end(), s.constants_at);
    fill_windows(s, p);
}
} // namespace

std::shared_ptr<NativeArena> NativeArena::create(const Program& p, const NativeSources& sources)
{
    const auto shared_ddr = shared_ddr_bytes(p);
    if (!shared_ddr) return nullptr;
    NativeSetup setup{};
    fill_setup(setup, p);
    Layout layout;
    layout.add(sizeof(NativeHeader));
    setup.elf = layout.add(sources.elf.size());
    setup.constants = layout.add(sources.constants.size());
    setup.on_chip_stride = *checked_align_up(std::uint64_t{p.l2tcm_bytes} + p.vtcm_bytes, page);
    setup.on_chip = layout.add(setup.on_chip_stride * p.nsps);
    setup.ddr = layout.add(*shared_ddr);
    std::shared_ptr<NativeArena> a(new NativeArena);
    if (!layout.good || !a->map(layout.next)) return nullptr;
    a->on_chip_ = setup.on_chip.offset;
    a->on_chip_stride_ = setup.on_chip_stride;
    a->ddr_ = setup.ddr.offset;
    a->ddr_bytes_ = setup.ddr.bytes;
    a->header().setup = setup;
    std::ranges::copy(sources.elf, a->memory_ + setup.elf.offset);
    std::ranges::copy(sources.constants, a->memory_ + setup.constants.offset);
    return a;
}

bool NativeArena::map(std::uint64_t bytes)
{
    fd_ = ::memfd_create("qaic-nsp", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd_ < 0 || ::ftruncate(fd_, static_cast<off_t>(bytes)) != 0) return false;
    // The process must not be able to cut the file off under us.
    if (::fcntl(fd_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) return false;
    void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    if (at == MAP_FAILED) return false;
    ::madvise(at, bytes, MADV_DONTDUMP);
    memory_ = static_cast<std::byte*>(at);
    bytes_ = bytes;
    return true;
}

NativeArena::~NativeArena()
{
    if (memory_ != nullptr) ::munmap(memory_, bytes_);
    if (fd_ >= 0) ::close(fd_);
}

void NativeArena::wake() noexcept
{
    auto& s = shared();
    std::atomic_ref(s.wake).fetch_add(1, std::memory_order_seq_cst);
    if (std::atomic_ref(s.sleepers).load(std::memory_order_seq_cst) != 0) futex_wake(s.wake);
}

void NativeArena::wake_exit() noexcept
{
    auto& s = shared();
    std::atomic_ref(s.exit_asked).store(1, std::memory_order_release);
    futex_wake(s.exit_asked);
    wake();
}

} // namespace card
