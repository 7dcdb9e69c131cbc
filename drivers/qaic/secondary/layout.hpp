// SPDX-License-Identifier: BSD-3-Clause
// A number for the layout of everything that processes share: sizes, offsets, the compiler and the version of
// driver and DPDK. Two processes of different numbers must not touch each other's queue pairs
// (reliability.md H28). docs/adr/0010
#pragma once
#include "qaic/queue_pair.hpp"
#include "qaic/secondary/protocol.hpp"
#include <cstddef>
#include <rte_version.h>
#include <string_view>

namespace qaic::secondary {

class LayoutHash {
  public:
    constexpr LayoutHash& add(std::uint64_t value) noexcept
    {
        for (unsigned i = 0; i < 8; ++i) mix(static_cast<std::uint8_t>(value >> 8 * i));
        return *this;
    }
    constexpr LayoutHash& add(std::string_view text) noexcept
    {
        for (const char c : text) mix(static_cast<std::uint8_t>(c));
        return add(text.size());
    }
    template<class T>
    constexpr LayoutHash& add_type() noexcept
    {
        return add(sizeof(T)).add(alignof(T));
    }
    [[nodiscard]] constexpr std::uint64_t value() const noexcept { return hash_; }

  private:
    constexpr void mix(std::uint8_t byte) noexcept { hash_ = (hash_ ^ byte) * 0x100000001b3; } // FNV-1a
    std::uint64_t hash_ = 0xcbf29ce484222325;
};

/// Of a build that calls itself `version`.
[[nodiscard]] inline std::uint64_t layout_hash(std::string_view version) noexcept
{
    LayoutHash h;
    h.add(version).add(__VERSION__).add(RTE_VERSION);
    h.add_type<QueuePair>().add_type<ModelPort>().add_type<LaneList>().add_type<dbc::Channel>();
    h.add_type<dbc::Lane>().add_type<dbc::Slot>().add_type<dbc::Deadlines>().add_type<dbc::Done>();
    h.add_type<ReachTable>().add_type<dbc::SlicePlan::Element>().add_type<dbc::SpscRing<dbc::Done>>();
    h.add_type<Request>().add_type<Reply>().add_type<Mailbox>().add_type<XstatRow>();
    h.add(offsetof(ModelPort, elements)).add(offsetof(ModelPort, batches));
    h.add(offsetof(dbc::Channel, slots)).add(offsetof(dbc::Channel, state));
    h.add(offsetof(dbc::Channel, tail)).add(offsetof(dbc::Channel, head));
    h.add(offsetof(dbc::Channel, draining)).add(dbc::live_bit).add(dbc::epoch_shift).add(dbc::more_shift);
    return h.value();
}
/// Of this one.
[[nodiscard]] std::uint64_t layout_hash() noexcept;

/// E_UNSUPP in one line when the other side was built differently.
[[nodiscard]] Result<void> same_layout(std::string_view device, std::uint64_t theirs,
                                       std::uint64_t ours = layout_hash());

} // namespace qaic::secondary
