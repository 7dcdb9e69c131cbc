// SPDX-License-Identifier: BSD-3-Clause
// The kinds of stages this process knows.
#pragma once
#include "pipeline/spec.hpp"
#include "pipeline/stage.h"

namespace pipeline {

/// For parse_pipeline(); grows by qaic_pipe_register(). Control threads, not while one registers.
const std::vector<Kind>& known_kinds();
/// nullptr: unknown.
const qaic_pipe_stage* stage_kind(std::string_view kind);
/// Loads a user's shared object, whose constructor registers its kinds. E_INVAL: no such file, not a shared
/// object, or none registered.
Result<void> load_plugin(const std::string& file);

} // namespace pipeline
