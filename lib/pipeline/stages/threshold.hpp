// SPDX-License-Identifier: BSD-3-Clause
// Stage `threshold`: items whose score is not at least `least` (a NaN is not) are dropped, below_threshold,
// or, with action = "clear", go on without label. Options: least; action ("drop", "clear"). An item without
// label counts as one below.
#pragma once
#include "pipeline/stage.h"

namespace pipeline {
extern const qaic_pipe_stage stage_threshold;
}
