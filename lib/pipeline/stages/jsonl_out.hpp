// SPDX-License-Identifier: BSD-3-Clause
// Sink `jsonl-out`: one JSON object a line for each item. Options: path ("-": standard output); fields, some
// of "seq,source,label,score,top,latency_us" in the order wanted (seq,label,score). Numbers are the shortest
// that read back as the same; what there is none of is null. top: [[class,score],...] of an item whose tensor
// `top-k` made. latency_us: since the item's source took it.
#pragma once
#include "pipeline/stage.h"

namespace pipeline {
extern const qaic_pipe_stage stage_jsonl_out;
}
