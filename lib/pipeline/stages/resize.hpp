// SPDX-License-Identifier: BSD-3-Clause
// Stage `resize`: an image of H x W x C becomes a new tensor of another H x W, bilinear, pixels' centres at
// half, edges repeated, as cv::resize with INTER_LINEAR; from larger to smaller nothing is averaged but four
// neighbours. u8 is rounded to nearest even. Options: from ("HxWxC"), to ("HxW"), type ("u8", "f32").
//
// Not cv::resize: it allocates its tables at each call, and may hand parts to threads of its own.
#pragma once
#include "pipeline/stage.h"

namespace pipeline {
extern const qaic_pipe_stage stage_resize;
}
