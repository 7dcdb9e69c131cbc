// SPDX-License-Identifier: BSD-3-Clause
// The stage `infer`: each item's tensor through a model on one or several cards; the output becomes the
// item's tensor, in the same mbuf. docs/pipelines.md
#pragma once
#include "pipeline/stage.h"

namespace pipeline {

extern const qaic_pipe_stage stage_infer;

} // namespace pipeline
