// SPDX-License-Identifier: BSD-3-Clause
// Writes the request elements of one operation: the template of the slice plan with request id and two host
// addresses patched in. HOT: this is most of what an operation costs, so an element is four 16-byte stores
// and nothing is written twice.
#pragma once
#include "qaic/dbc/slice_plan.hpp"
#include <bit>
#include <cstring>

namespace qaic::dbc {

/// What the data path must know of one operation. Addresses are IOVAs of the packed input and output.
struct Work {
    void* token;
    std::uint64_t in, out;
};

static_assert(std::endian::native == std::endian::little,
              "request elements are patched in place: little-endian hosts only");
static_assert(offsetof(aic100::RequestElement, req_id) == 0 &&
              offsetof(aic100::RequestElement, source) == 8 &&
              offsetof(aic100::RequestElement, destination) == 16);
static_assert(offsetof(SlicePlan::Element, id_mask) == 64 && offsetof(SlicePlan::Element, out_mask) == 80);

/// Two 64-bit words in one register; may_alias because it looks at elements as words.
using Words [[gnu::vector_size(16), gnu::may_alias]] = std::uint64_t;

/// Element `to` of the operation whose id and input are `head` and whose output is `tail[0]`.
inline void fill_element(const SlicePlan::Element& from, Words head, Words tail,
                         aic100::RequestElement& to) noexcept
{
    const auto* t = reinterpret_cast<const Words*>(&from);
    auto* w = reinterpret_cast<Words*>(&to);
    w[0] = t[0] + (head & t[4]);
    w[1] = t[1] + (tail & t[5]);
    w[2] = t[2];
    w[3] = t[3];
}

/// An operation of one input and one output whose two elements hold their template already, from when the
/// ring was filled with it: what is left to write is each one's first word and its host address.
struct InOut {
    explicit InOut(const SlicePlan::Element* plan) noexcept
        : first(std::uint32_t{plan[0].wire.cmd} << 24), second(std::uint32_t{plan[1].wire.cmd} << 24),
          source(plan[0].wire.source.get()), destination(plan[1].wire.destination.get())
    {}
    [[nodiscard]] static bool fits(std::span<const SlicePlan::Element> plan) noexcept
    {
        return plan.size() == 2 && plan[0].in_mask != 0 && plan[0].out_mask == 0 && plan[1].in_mask == 0 &&
               plan[1].out_mask != 0;
    }
    std::uint32_t first, second;
    std::uint64_t source, destination;
};
static_assert(offsetof(aic100::RequestElement, cmd) == 3);

/// 16 bits of id, seq_id 0, command: one store.
inline void put_head(aic100::RequestElement& to, std::uint32_t word) noexcept
{
    std::memcpy(static_cast<void*>(&to), &word, sizeof word);
}

} // namespace qaic::dbc
