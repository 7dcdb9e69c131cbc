// SPDX-License-Identifier: BSD-3-Clause
// Source `generator`: tensors of made-up bytes. Options: bytes (of one); items (0, the default: for ever);
// pattern: "zero", "count" (byte i of item k is k + i modulo 256) or "random" (from seed; any bytes, so as
// f32 also NaN); rate, arrivals, seed (pace.hpp).
#pragma once
#include "pipeline/stage.h"

namespace pipeline {
extern const qaic_pipe_stage stage_generator;
}
