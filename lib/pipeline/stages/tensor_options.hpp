// SPDX-License-Identifier: BSD-3-Clause
// What several stages' options and tensors have in common: shapes, lists of numbers, types of elements.
#pragma once
#include "pipeline/stage_of.hpp"
#include <atomic>
#include <vector>

namespace pipeline {

/// Of one tensor: what a 32-bit room holds with alignment, and more than any card takes.
inline constexpr std::uint64_t most_tensor_bytes = std::uint64_t{1} << 30;

/// "1x3x224x224", the outermost dimension first: 1 to 8 of them, at most most_tensor_bytes elements.
Result<std::vector<std::uint32_t>> shape_option(const Options& options, std::string_view name);
[[nodiscard]] std::uint32_t elements_of(std::span<const std::uint32_t> shape) noexcept;

/// "0.485,0.456,0.406": `count` finite numbers, or one for all.
Result<std::vector<float>> numbers_option(const Options& options, std::string_view name, std::size_t count,
                                          float fallback);

/// E_LIMIT for a tensor beyond most_tensor_bytes.
Result<std::uint32_t> tensor_bytes(std::uint64_t elements, std::uint32_t element_bytes,
                                   const Options& options, std::string_view name);

/// Room of a new tensor, wherever the buffer's free part begins.
[[nodiscard]] constexpr std::uint32_t room_of(std::uint32_t bytes) noexcept { return bytes + 63; }

/// One of a tensor's floats, which need not be aligned (part of a packet). A class, since a template's
/// argument loses the attribute of a typedef.
struct __attribute__((packed, may_alias)) LooseFloat {
    float value;
    operator float() const noexcept { return value; } // NOLINT(google-explicit-constructor)
    LooseFloat& operator=(float v) noexcept
    {
        value = v;
        return *this;
    }
};

/// Written by the stage's lcore, read by any thread.
class StageCount {
  public:
    void add(std::uint64_t n) noexcept
    {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

/// As many as fit, in the order of `all`.
inline std::uint32_t give_counts(std::span<qaic_pipe_count> out, std::span<const qaic_pipe_count> all)
{
    const auto n = std::min(out.size(), all.size());
    std::copy_n(all.begin(), n, out.begin());
    return static_cast<std::uint32_t>(n);
}

} // namespace pipeline
