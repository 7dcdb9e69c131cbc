// SPDX-License-Identifier: BSD-3-Clause
// Stage `quantize`: a tensor of f32 becomes a new one of i8, u8, f16 or bf16. Integers: x / scale +
// zero_point, rounded to nearest even, saturated; NaN becomes the zero point. f16 and bf16: nearest even,
// overflow to infinity, NaN stays. Stage `dequantize`: back, scale * (q - zero_point). Options of both:
// shape; to, or from (a type of element); for integers scale (1) and zero_point (0).
#pragma once
#include "pipeline/stage.h"

namespace pipeline {
extern const qaic_pipe_stage stage_quantize;
extern const qaic_pipe_stage stage_dequantize;
} // namespace pipeline
