// SPDX-License-Identifier: BSD-3-Clause
// A stage from its table in the file. Needs no EAL while the pool is nullptr.
#pragma once
#include "pipeline/registry.hpp"

namespace pipeline {

/// What a stage is made with besides its table.
struct CreateWith {
    std::string folder = "."; ///< what relative paths in options start from
    unsigned replica = 0;
    std::uint64_t tsc_hz = 1'000'000'000;
    int numa = -1;
    rte_mempool* pool = nullptr; ///< nullptr: only to check and ask; touches nothing outside the process
};

/// TSC ticks at `hz`.
[[nodiscard]] std::uint64_t ticks_of(Nanos t, std::uint64_t hz);

/// By the kind's create(); the caller destroys. E_INVAL with the place in the file.
Result<void*> create_stage(const StageSpec& spec, const CreateWith& with);

} // namespace pipeline
