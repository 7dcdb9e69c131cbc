// SPDX-License-Identifier: BSD-3-Clause
// The uDMA engine of each NSP, and its multicast windows: a write to a send window goes to every other NSP of
// the sender's mask, wherever that one receives the id. aic100-workload.md 4.3.5, 7.5
#include "base/checked.hpp"
#include "card/nsp/native_host/host.hpp"
#include <atomic>
#include <cstdio>
#include <cstring>

namespace nsp_host {
namespace {
constexpr std::uint64_t window_bytes = 0x800000;
constexpr std::uint32_t state_error = 2;

NativeWindow& window_of(unsigned nsp, unsigned id)
{
    return const_cast<NativeSetup*>(host.setup)->windows[nsp][id]; // reprogram() writes it
}

/// A doorbell is one word that another thread looks at: it is stored as one, after all that came before it.
void copy(std::byte* to, const std::byte* from, std::uint32_t bytes) noexcept
{
    if (bytes == 4 && reinterpret_cast<std::uintptr_t>(to) % 4 == 0) {
        std::uint32_t word = 0;
        std::memcpy(&word, from, 4);
        std::atomic_ref(*reinterpret_cast<std::uint32_t*>(to)).store(word, std::memory_order_release);
        return;
    }
    std::memmove(to, from, bytes);
}

bool send(const Nsp& sender, std::uint64_t at, const std::byte* from, std::uint32_t bytes) noexcept
{
    const auto id = static_cast<unsigned>(at / window_bytes);
    const auto x = at % window_bytes;
    if (id >= host.setup->mcids || bytes > window_bytes - x) return false;
    const auto mask = window_of(sender.id, id).send_mask & ~(1u << sender.id);
    for (unsigned n = 0; n < host.setup->nsps; ++n) {
        if ((mask >> n & 1) == 0) continue;
        const auto& w = window_of(n, id);
        const auto room = w.vtcm != 0 ? host.setup->vtcm_bytes : host.setup->l2tcm_bytes;
        if (w.base > room || !range_inside(x, bytes, room - w.base)) return false;
        copy((w.vtcm != 0 ? host.nsps[n].vtcm : host.nsps[n].l2tcm) + w.base + x, from, bytes);
    }
    return true;
}

bool carry_out(const Nsp& nsp, const qaic_nsp_udma& d) noexcept
{
    const auto bytes = d.control & QAIC_NSP_UDMA_LENGTH;
    const auto* from = reinterpret_cast<const std::byte*>(d.source);
    const auto offset = d.destination - reinterpret_cast<std::uintptr_t>(nsp.windows);
    if (offset < host.setup->mcids * window_bytes) return send(nsp, offset, from, bytes);
    copy(reinterpret_cast<std::byte*>(d.destination), from, bytes);
    return true;
}
} // namespace

void run_udma(qaic_nsp_udma* first) noexcept
{
    auto& nsp = *me().nsp;
    constexpr unsigned longest = 65536; // a chain that loops must end too
    auto* d = first;
    for (unsigned i = 0; d != nullptr; ++i) {
        const auto at = reinterpret_cast<std::uintptr_t>(d) - reinterpret_cast<std::uintptr_t>(nsp.l2tcm);
        nsp.udma_at = static_cast<std::uint32_t>(at);
        const bool mine = at % 8 == 0 && range_inside(at, sizeof *d, host.setup->l2tcm_bytes);
        if (!mine || i == longest || !carry_out(nsp, *d)) {
            nsp.udma_state = state_error;
            log_line(QAIC_NSP_ERROR, "uDMA: bad descriptor, or a write beyond a multicast window");
            break;
        }
        nsp.udma_state = 0;
        std::atomic_ref(d->control).fetch_or(QAIC_NSP_UDMA_DONE, std::memory_order_release);
        d = d->next == 0 ? nullptr : reinterpret_cast<qaic_nsp_udma*>(nsp.l2tcm + d->next);
    }
    wake_all();
}

int reprogram(std::uint16_t mcid, std::uint64_t base, std::uint32_t mask, std::uint32_t space) noexcept
{
    if (mcid >= host.setup->mcids || space > 1 || mask >> host.setup->nsps != 0) return -1;
    auto& w = window_of(me().nsp->id, mcid);
    if (w.dynamic == 0 || w.host != 0) return -1;
    if (mask != 0) {
        w.send_mask = mask;
        return 0;
    }
    const auto room = space == 1 ? host.setup->vtcm_bytes : host.setup->l2tcm_bytes;
    if (base != ~0ull) {
        if (base % 4096 != 0 || base > room) return -1;
        w.base = base;
    }
    w.vtcm = static_cast<std::uint8_t>(space);
    return 0;
}

} // namespace nsp_host
