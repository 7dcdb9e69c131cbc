// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/shipped.hpp"
#include "pipeline/stages/batch.hpp"
#include "pipeline/stages/counter.hpp"
#include "pipeline/stages/generator.hpp"
#include "pipeline/stages/jsonl_out.hpp"
#include "pipeline/stages/normalise.hpp"
#include "pipeline/stages/null_sink.hpp"
#include "pipeline/stages/quantize.hpp"
#include "pipeline/stages/resize.hpp"
#include "pipeline/stages/tensor_file.hpp"
#include "pipeline/stages/tensor_out.hpp"
#include "pipeline/stages/threshold.hpp"
#include "pipeline/stages/top_k.hpp"
#include "pipeline/stages/unbatch.hpp"
#include "pipeline/stages/verifier.hpp"

namespace pipeline {

std::span<const qaic_pipe_stage* const> shipped_stages() noexcept
{
    static constexpr const qaic_pipe_stage* all[] = {
        // sources
        &stage_tensor_file,
        &stage_generator,
        // shaping
        &stage_normalise,
        &stage_resize,
        &stage_quantize,
        &stage_dequantize,
        &stage_batch,
        &stage_unbatch,
        // after inference
        &stage_top_k,
        &stage_threshold,
        // sinks
        &stage_null,
        &stage_counter,
        &stage_jsonl_out,
        &stage_tensor_out,
        &stage_verifier,
    };
    return all;
}

} // namespace pipeline
