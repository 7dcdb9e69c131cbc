// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/shipped.hpp"
#include "pipeline/stages/jsonl_out.hpp"
#include "pipeline/stages/normalise.hpp"
#include "pipeline/stages/null_sink.hpp"
#include "pipeline/stages/tensor_file.hpp"
#include "pipeline/stages/top_k.hpp"

namespace pipeline {

std::span<const qaic_pipe_stage* const> shipped_stages() noexcept
{
    static constexpr const qaic_pipe_stage* all[] = {
        &stage_tensor_file, // sources
        &stage_normalise,   // shaping
        &stage_top_k,       // after inference
        &stage_jsonl_out,   // sinks
        &stage_null,
    };
    return all;
}

} // namespace pipeline
