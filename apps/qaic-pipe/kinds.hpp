// SPDX-License-Identifier: BSD-3-Clause
// The kinds of stages that qaic-pipe ships.
#pragma once

namespace qaic_pipe {

/// Makes them known, before any pipeline is read or plugin loaded.
void register_kinds();

} // namespace qaic_pipe
