// SPDX-License-Identifier: BSD-3-Clause
// Source `tensor-file`: the tensors of a raw file, one after the other. Options: path; bytes of one tensor,
// or shape ("1x1x8x8") and type (f32, f16, bf16, i8, u8); repeat (times; 0: for ever; 1); rate, arrivals,
// seed (pace.hpp).
#pragma once
#include "pipeline/stage.h"

namespace pipeline {
extern const qaic_pipe_stage stage_tensor_file;
}
