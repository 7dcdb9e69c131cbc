// SPDX-License-Identifier: BSD-3-Clause
// Sink `verifier`: compares each item with a file, by item.seq modulo what the file holds; counts right and
// wrong. Options: labels (file of u8: against the item's label), or expects (file of f32) with shape (of the
// item's tensor) and tolerance (0; of the difference; NaN is right where NaN is expected); drop (false; true:
// wrong ones are dropped for wrong_output and count as that).
#pragma once
#include "pipeline/stage.h"

namespace pipeline {
extern const qaic_pipe_stage stage_verifier;
}
