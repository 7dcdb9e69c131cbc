// SPDX-License-Identifier: BSD-3-Clause
// Sink `counter`: counts items by label: label_0 to label_9, label_other, unlabelled. A batch counts as its
// members. No options.
#pragma once
#include "pipeline/stage.h"

namespace pipeline {
extern const qaic_pipe_stage stage_counter;
}
