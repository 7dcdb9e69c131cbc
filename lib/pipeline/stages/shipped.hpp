// SPDX-License-Identifier: BSD-3-Clause
// The stages that come with the library and need neither card nor network.
#pragma once
#include "pipeline/stage.h"
#include <span>

namespace pipeline {

/// Static tables; whoever reads pipelines registers them first (qaic_pipe_register).
[[nodiscard]] std::span<const qaic_pipe_stage* const> shipped_stages() noexcept;

} // namespace pipeline
