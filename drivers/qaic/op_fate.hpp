// SPDX-License-Identifier: BSD-3-Clause
// What became of a failed operation, kept in rte_ml_op::impl_opaque from its completion until its next
// enqueue: enough for op_error_get to explain it without the model being still loaded. reliability.md 2.2
#pragma once
#include "base/result.hpp"
#include "qaic/dbc/fault.hpp"
#include <cstdint>

namespace qaic {

struct OpFate {
    Code code = Code::OK;
    std::uint16_t card_code = 0; ///< completion code of the DMA Bridge, verbatim
    dbc::Guard guard = dbc::Guard::NONE;
    std::uint8_t dbc = 0;
    /// What the driver refused: index into op_rule_text (0 = nothing).
    std::uint8_t rule = 0;

    [[nodiscard]] constexpr std::uint64_t pack() const noexcept
    {
        return static_cast<std::uint64_t>(code) | std::uint64_t{card_code} << 16 |
               static_cast<std::uint64_t>(guard) << 32 | std::uint64_t{dbc} << 40 | std::uint64_t{rule} << 48;
    }
    [[nodiscard]] static constexpr OpFate unpack(std::uint64_t v) noexcept
    {
        return {static_cast<Code>(v & 0xffff), static_cast<std::uint16_t>(v >> 16),
                static_cast<dbc::Guard>(v >> 32 & 0xff), static_cast<std::uint8_t>(v >> 40),
                static_cast<std::uint8_t>(v >> 48)};
    }
};

/// Rules an operation is checked against when it is enqueued. A breach is completed with ERROR, never
/// refused, because a short count means "full" to every application (dpdk-driver-guide.md 3.4).
enum class OpRule : std::uint8_t {
    NONE,
    MODEL,
    BATCHES,
    NO_BUFFER,
    SEGMENTS,
    INPUT_SIZE,
    OUTPUT_SIZE,
    IOVA,
    FAULTED
};
inline constexpr std::string_view op_rule_text[] = {
    "",
    "model_id names no started model of this queue pair",
    "nb_batches outside the model's limits",
    "input or output pointer missing",
    "more segments in a buffer than max_segments, or too many for the queue",
    "input buffer shorter than the model's inputs",
    "output buffer shorter than the model's outputs",
    "buffer outside the memory the card can reach: register it with EAL and map it with rte_dev_dma_map()",
    "the model's DBC is out of use",
};

} // namespace qaic
