// SPDX-License-Identifier: BSD-3-Clause
// Stage `flow-features`: a packet in, beside it a tensor of the sixteen float32 of lib/flow/features.hpp out.
//
// Options: flows = 65536 (watched at once, 8 to 4194304), idle_s = 120 (a flow silent for longer starts
// anew), drop_unparsed = true (false: what is no whole IP packet goes on, its features are zeros). Drops:
// malformed (what lib/flow refuses), no_room (no place for the tensor in the item's buffer). Counts: flows,
// evicted, refused_REASON for each reason lib/flow has. Its first segment must hold the headers. Time is the
// packet's capture, without one the TSC of its source.
#pragma once
#include "pipeline/stage.h"

namespace pipeline {
extern const qaic_pipe_stage stage_flow_features;
}
