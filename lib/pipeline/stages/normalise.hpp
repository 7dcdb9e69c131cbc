// SPDX-License-Identifier: BSD-3-Clause
// Stage `normalise`: each element x of channel c becomes (x * scale - mean[c]) / std[c], as one
// multiplication and one addition in float32. f32 is changed in place; from = "u8" makes a new tensor of f32.
// Options: shape (of the item's tensor), from (f32), layout (nchw: channels are the third dimension from the
// end, nhwc: the last), scale (1), mean ("0"), std ("1"): one number, or one for each channel.
#pragma once
#include "pipeline/stage.h"

namespace pipeline {
extern const qaic_pipe_stage stage_normalise;
}
