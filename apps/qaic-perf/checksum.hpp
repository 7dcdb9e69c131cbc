// SPDX-License-Identifier: BSD-3-Clause
// The same bytes again? Outputs of the measured phase against the checksum of the first output of their input
// tensor: cheap enough for every output, where comparing elements is not. It says "the same", not "right".
#pragma once
#include "base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace qaic::perf {

/// 32 bits over the bytes and their number, by the CPU's CRC32C, four at a time: one alone waits for itself.
/// Not the CRC32C of the bytes. `seed`: what came before, for outputs of several buffers.
[[nodiscard]] std::uint32_t checksum(ConstSpan bytes, std::uint32_t seed = 0) noexcept;
/// Leaves a mark in the first and last bytes of a buffer and in every page between, so that one that nobody
/// writes does not pass with what an earlier op left in it. Not 0xff: what nobody wrote when references were
/// learned is that.
void mark_unwritten(MutSpan buffer) noexcept;

/// The checksum of one model's output for each input tensor. Learned on one lcore, then read by all.
class ReferenceSums {
  public:
    explicit ReferenceSums(std::size_t tensors) : sums_(tensors, unknown) {}
    void learn(std::uint64_t tensor, std::uint32_t sum) noexcept { sums_[tensor] = sum; }
    [[nodiscard]] bool knows(std::uint64_t tensor) const noexcept { return sums_[tensor] != unknown; }
    [[nodiscard]] std::uint32_t of(std::uint64_t tensor) const noexcept
    {
        return static_cast<std::uint32_t>(sums_[tensor]);
    }
    [[nodiscard]] std::size_t size() const noexcept { return sums_.size(); }

  private:
    static constexpr std::uint64_t unknown = ~0ull; ///< no 32 bits
    std::vector<std::uint64_t> sums_;
};

/// What became of the outputs of one lane, or of all together.
struct ChecksumCounts {
    std::uint64_t checked = 0, bytes = 0, mismatches = 0;
    std::uint64_t unknown = 0; ///< there was no reference for their tensor
    struct Mismatch {
        std::uint64_t tensor = 0;
        std::uint64_t op = 0; ///< 1 for the first that came back on its lane in the phase
        std::uint32_t got = 0, want = 0;
        unsigned lcore = 0;              ///< EAL's number
        std::size_t card = 0, model = 0; ///< places in options.devices and options.models
    } first;                             ///< of the mismatches

    /// Hot.
    void compare(const ReferenceSums& with, std::uint64_t tensor, std::uint64_t op, std::uint32_t sum,
                 std::uint64_t size) noexcept
    {
        if (!with.knows(tensor)) {
            ++unknown;
            return;
        }
        ++checked;
        bytes += size;
        if (sum != with.of(tensor) && mismatches++ == 0)
            first.tensor = tensor, first.op = op, first.got = sum, first.want = with.of(tensor);
    }
    /// Another lane's of the same run; the first mismatch stays.
    ChecksumCounts& operator+=(const ChecksumCounts& o) noexcept;
};

/// "3 of 1000 outputs are not the bytes ...; the first: ..."; `card`: its name.
std::string describe_mismatch(const ChecksumCounts& counts, const std::string& card);

} // namespace qaic::perf
