// SPDX-License-Identifier: BSD-3-Clause
#include "card/nsp/memory.hpp"
#include "base/checked.hpp"
#include <algorithm>

namespace card {

std::optional<std::uint64_t> shared_ddr_bytes(const Program& program) noexcept
{
    const auto first = checked_align_up(program.static_ddr, ddr_align);
    const auto sum = first ? checked_add(*first, program.dynamic_ddr) : std::nullopt;
    return sum ? checked_align_up(*sum, ddr_align) : std::nullopt;
}

std::optional<ActivationMemory> ActivationMemory::create(const Program& program, Region ddr,
                                                         std::uint64_t mcid_base,
                                                         std::shared_ptr<NativeArena> arena)
{
    ActivationMemory m;
    m.l2tcm_bytes_ = program.l2tcm_bytes;
    m.vtcm_bytes_ = program.vtcm_bytes;
    m.on_chip_stride_ = (m.l2tcm_bytes_ + m.vtcm_bytes_ + l2tcm_page - 1) & ~(l2tcm_page - 1);
    m.ddr_base_ = ddr.address();
    if (arena) {
        m.on_chip_ = arena->on_chip(0);
        m.ddr_ = arena->ddr();
        m.arena_ = std::move(arena);
    } else {
        auto pages = ZeroPages::map(m.on_chip_stride_ * program.nsps);
        if (!pages) return std::nullopt;
        m.pages_ = std::move(*pages);
        m.on_chip_ = m.pages_.bytes().data();
        m.ddr_ = ddr.bytes();
    }
    m.static_ddr_ = program.static_ddr;
    m.dynamic_ddr_ = program.dynamic_ddr;
    m.dynamic_base_ = m.ddr_base_ + ((program.static_ddr + ddr_align - 1) & ~(ddr_align - 1));
    m.mcid_base_ = mcid_base;
    m.region_ = std::move(ddr);
    for (unsigned n = 0; n < program.nsps; ++n)
        std::copy(program.l2tcm_init.begin(), program.l2tcm_init.end(), m.l2tcm(n, 0));
    m.map_windows(program);
    return m;
}

void ActivationMemory::map_windows(const Program& program)
{
    for (unsigned id = 0; id < program.host_masks.size(); ++id) {
        Window w{static_cast<std::uint32_t>(targets_.size()), 0};
        for (unsigned n = 0; n < program.nsps; ++n) {
            if ((program.host_masks[id] >> n & 1) == 0 || id >= program.receive[n].size()) continue;
            const auto& r = program.receive[n][id];
            const auto whole = r.vtcm ? vtcm_bytes_ : l2tcm_bytes_;
            targets_.push_back({(r.vtcm ? vtcm(n, 0) : l2tcm(n, 0)) + r.base, whole - r.base});
            ++w.count;
        }
        windows_.push_back(w);
    }
}

unsigned ActivationMemory::resolve_window(std::uint64_t offset, std::uint64_t length, Copies& out) noexcept
{
    const auto& w = windows_[offset / aic100::mcid_window_bytes];
    const auto at = offset % aic100::mcid_window_bytes;
    if (length > aic100::mcid_window_bytes - at) return 0;
    for (unsigned i = 0; i < w.count; ++i) {
        const auto& t = targets_[w.first + i];
        if (!range_inside(at, length, t.room)) return 0;
        out[i] = t.base + at;
    }
    return w.count;
}

std::byte* ActivationMemory::l2tcm(unsigned nsp, std::uint64_t offset) const noexcept
{
    return on_chip_ + nsp * on_chip_stride_ + offset;
}

std::byte* ActivationMemory::vtcm(unsigned nsp, std::uint64_t offset) const noexcept
{
    return l2tcm(nsp, l2tcm_bytes_) + offset;
}

MutSpan ActivationMemory::tensor(const ProgramTensor& t, unsigned nsp) const noexcept
{
    switch (t.space) {
    case aic100::NspSpace::L2TCM: return {l2tcm(nsp, t.offset), t.size};
    case aic100::NspSpace::VTCM: return {vtcm(nsp, t.offset), t.size};
    case aic100::NspSpace::DDR: break;
    }
    return ddr_.subspan(t.offset, t.size);
}

} // namespace card
