// SPDX-License-Identifier: BSD-3-Clause
// Stage `top-k`: of a tensor of f32, the k largest elements as a new tensor of k TopPairs, best first (of
// equal ones the lower class first); the item's label and score are the best. Options: k (1), softmax (false:
// scores as they are). An item with a NaN, or under softmax without a finite largest, is dropped:
// not_a_number.
#pragma once
#include "pipeline/stage.h"

namespace pipeline {

/// An element of what `top-k` makes; bytes as they lie in memory.
struct TopPair {
    uint32_t cls;
    float score;
};
inline constexpr uint32_t most_top = 64; ///< k at most

extern const qaic_pipe_stage stage_top_k;

} // namespace pipeline
