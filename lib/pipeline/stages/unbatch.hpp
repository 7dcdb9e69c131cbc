// SPDX-License-Identifier: BSD-3-Clause
// Stage `unbatch`: the items that `batch` put together come out again, in order, each with its own part of
// the batch's tensor as a new tensor. Option: bytes (of one item's part).
#pragma once
#include "pipeline/stage.h"

namespace pipeline {
extern const qaic_pipe_stage stage_unbatch;
}
