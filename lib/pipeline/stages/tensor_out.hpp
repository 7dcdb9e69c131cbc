// SPDX-License-Identifier: BSD-3-Clause
// Sink `tensor-out`: the items' tensors, byte for byte, one after the other, as `tensor-file` reads them.
// Option: path. One replica: two would mix their tensors.
#pragma once
#include "pipeline/stage.h"

namespace pipeline {
extern const qaic_pipe_stage stage_tensor_out;
}
