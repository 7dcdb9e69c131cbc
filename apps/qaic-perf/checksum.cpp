// SPDX-License-Identifier: BSD-3-Clause
#include "checksum.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <rte_hash_crc.h>

namespace qaic::perf {

namespace {

constexpr std::size_t word = sizeof(std::uint64_t), page = 4096;

std::uint64_t word_at(const std::byte* at) noexcept
{
    std::uint64_t v;
    std::memcpy(&v, at, sizeof v);
    return v;
}

} // namespace

std::uint32_t checksum(ConstSpan bytes, std::uint32_t seed) noexcept
{
    const auto* at = bytes.data();
    auto left = bytes.size();
    std::uint32_t a = seed, b = 1, c = 2, d = 3;
    for (; left >= 4 * word; at += 4 * word, left -= 4 * word) {
        a = rte_hash_crc_8byte(word_at(at), a);
        b = rte_hash_crc_8byte(word_at(at + word), b);
        c = rte_hash_crc_8byte(word_at(at + 2 * word), c);
        d = rte_hash_crc_8byte(word_at(at + 3 * word), d);
    }
    for (; left >= word; at += word, left -= word) a = rte_hash_crc_8byte(word_at(at), a);
    std::array<std::byte, word> rest{}; // the length makes zeros at the end count
    std::copy_n(at, left, rest.begin());
    b = rte_hash_crc_8byte(word_at(rest.data()), b);
    const auto ab = (std::uint64_t{a} << 32) | b, cd = (std::uint64_t{c} << 32) | d;
    return rte_hash_crc_8byte(cd, rte_hash_crc_8byte(ab, static_cast<std::uint32_t>(bytes.size())));
}

void mark_unwritten(MutSpan buffer) noexcept
{
    const auto mark = [&](std::size_t at, std::size_t n) {
        std::fill_n(buffer.begin() + static_cast<std::ptrdiff_t>(at), n, std::byte{0xa5});
    };
    if (buffer.size() < word) return mark(0, buffer.size());
    for (std::size_t at = 0; at + word < buffer.size(); at += page) mark(at, word);
    mark(buffer.size() - word, word);
}

ChecksumCounts& ChecksumCounts::operator+=(const ChecksumCounts& o) noexcept
{
    if (mismatches == 0) first = o.first;
    checked += o.checked, bytes += o.bytes, mismatches += o.mismatches, unknown += o.unknown;
    return *this;
}

std::string describe_mismatch(const ChecksumCounts& c, const std::string& card)
{
    const auto& f = c.first;
    return fmt::format("{} of {} outputs are not the bytes that their input gave first; the first: input {} "
                       "of model {} on {}, operation {} of lcore {}, has checksum {:08x} instead of {:08x}",
                       c.mismatches, c.checked, f.tensor, f.model, card, f.op, f.lcore, f.got, f.want);
}

} // namespace qaic::perf
