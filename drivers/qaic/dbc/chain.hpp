// SPDX-License-Identifier: BSD-3-Clause
// Operations whose buffers are chains of segments: a transfer that crosses from one segment into the next
// becomes several request elements, as the kernel does with scattered pages (aic100-device.md 5.6). Rare, so
// nothing here is inlined into the common path; still no allocation and nothing unbounded.
#pragma once
#include "qaic/bus/reach.hpp"
#include "qaic/dbc/fill.hpp"
#include <array>
#include <rte_mldev.h>

namespace qaic::dbc {

/// Segments of one buffer at most, and elements an operation may become.
inline constexpr std::uint32_t max_segments = 8, max_chain_elements = 64;

/// The elements of one operation, without its request id.
struct Chain {
    std::uint32_t count = 0;
    std::array<aic100::RequestElement, max_chain_elements> elements;
};

enum class ChainFault : std::uint8_t { NONE, TOO_SHORT, TOO_MANY, UNREACHABLE };

/// Bytes from `offset` on that lie together: how many of `want` there are in one segment, and where.
struct Piece {
    std::uint64_t iova = 0;
    std::uint32_t bytes = 0;
};
inline Piece piece_at(const rte_ml_buff_seg* segment, std::uint64_t offset, std::uint32_t want) noexcept
{
    for (std::uint32_t i = 0; segment != nullptr && i < max_segments; ++i, segment = segment->next) {
        if (offset < segment->length)
            return {segment->iova_addr + offset,
                    static_cast<std::uint32_t>(std::min<std::uint64_t>(want, segment->length - offset))};
        offset -= segment->length;
    }
    return {};
}

/// max_segments at most, together `bytes` or more, and the card can reach that many of them?
inline ChainFault check_chain(const ReachTable& reach, const rte_ml_buff_seg* segment,
                              std::uint64_t bytes) noexcept
{
    std::uint64_t total = 0;
    std::uint32_t n = 0;
    for (; segment != nullptr; segment = segment->next, ++n) {
        if (n == max_segments) return ChainFault::TOO_MANY;
        const auto used = std::min<std::uint64_t>(segment->length, bytes - std::min(bytes, total));
        if (used != 0 && reach.find(segment->iova_addr, used).bytes == 0) return ChainFault::UNREACHABLE;
        total += segment->length;
    }
    return total >= bytes ? ChainFault::NONE : ChainFault::TOO_SHORT;
}

/// All but the last piece of a transfer only wait: what follows the transfer follows all of it.
inline void make_early_piece(aic100::RequestElement& e) noexcept
{
    using namespace aic100;
    e.cmd = static_cast<std::uint8_t>(e.cmd & ~req_cmd::RESPONSE);
    e.doorbell_addr = 0, e.doorbell_attr = 0, e.doorbell_data = 0;
    for (auto& s : e.sem)
        if ((s & sem_word::PRESYNC) == 0) s = 0;
}

/// One transfer of the plan, from or to a chain. False when there is no room for its pieces.
inline bool split(const SlicePlan::Element& from, const rte_ml_buff_seg* segments, Chain& out) noexcept
{
    using namespace aic100;
    const bool input = from.in_mask != 0;
    const auto offset = input ? from.wire.source.get() : from.wire.destination.get();
    const auto first = out.count;
    std::uint32_t done = 0;
    while (done < from.wire.length) {
        const auto piece = piece_at(segments, offset + done, from.wire.length - done);
        if (piece.bytes == 0 || out.count == out.elements.size()) return false;
        auto& e = out.elements[out.count++];
        e = from.wire;
        e.source = input ? piece.iova : from.wire.source.get() + done;
        e.destination = input ? from.wire.destination.get() + done : piece.iova;
        e.length = piece.bytes;
        done += piece.bytes;
        if (done < from.wire.length) make_early_piece(e);
    }
    if (out.count - first < 2) return true;
    bool waits = false;
    for (const auto s : from.wire.sem) waits = waits || (s & sem_word::PRESYNC) != 0;
    auto& last = out.elements[out.count - 1];
    if (!waits) last.sem[0] = last.sem[0] | (input ? sem_word::FENCE_TO_DEVICE : sem_word::FENCE_FROM_DEVICE);
    return true;
}

/// The elements of an operation over `in` and `out`. The caller has checked the chains.
[[nodiscard]] __rte_noinline inline bool make_chain(std::span<const SlicePlan::Element> plan,
                                                    const rte_ml_buff_seg* in, const rte_ml_buff_seg* out,
                                                    Chain& chain) noexcept
{
    chain.count = 0;
    for (const auto& from : plan) {
        if (from.in_mask != 0 || from.out_mask != 0) {
            if (!split(from, from.in_mask != 0 ? in : out, chain)) return false;
        } else {
            if (chain.count == chain.elements.size()) return false;
            chain.elements[chain.count++] = from.wire;
        }
    }
    return true;
}

} // namespace qaic::dbc
