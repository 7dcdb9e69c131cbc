// SPDX-License-Identifier: BSD-3-Clause
// Sink `null`: what comes has gone out. No options.
#pragma once
#include "pipeline/stage.h"

namespace pipeline {
extern const qaic_pipe_stage stage_null;
}
