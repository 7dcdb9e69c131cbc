// SPDX-License-Identifier: BSD-3-Clause
// What several stages' options and tensors have in common: shapes, lists of numbers, types of elements.
#pragma once
#include "pipeline/stage_of.hpp"
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

/// Reasons of stages that turn a tensor of one size into one of another.
enum : std::uint8_t { NEW_TENSOR_WRONG_SIZE = QAIC_PIPE_DROP, NEW_TENSOR_NO_ROOM };
inline constexpr const char* new_tensor_reasons[] = {"wrong_size", "no_room", nullptr};

/// Each item's tensor of `in_bytes` into a new one of `out_bytes` by convert(in, out). HOT
template<class Convert>
void into_new_tensors(Burst b, std::uint32_t in_bytes, std::uint32_t out_bytes, Convert convert)
{
    for (std::size_t i = 0; i < b.items.size(); ++i) {
        auto* const m = b.items[i];
        if (qaic_pipe_item_of(m)->tensor_bytes != in_bytes) {
            b.verdict[i] = NEW_TENSOR_WRONG_SIZE;
            continue;
        }
        const void* const in = qaic_pipe_tensor(m);
        if (void* const out = qaic_pipe_new_tensor(m, out_bytes); out != nullptr)
            convert(in, out);
        else
            b.verdict[i] = NEW_TENSOR_NO_ROOM;
    }
}

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

} // namespace pipeline
