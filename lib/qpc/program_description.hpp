// SPDX-License-Identifier: BSD-3-Clause
// The program description that a program finds in its constants (constants.bin), and the metadata of a
// program with internal buffers: both by the rules of the vendor's compiler. aic100-workload.md 7.6, 7.7
#pragma once
#include "qpc/metadata.hpp"
#include "qpc/program_config.hpp"

namespace qpc {

/// constants.bin. The configuration is one that parse_program_config() returned.
Bytes encode_program_description(const ProgramConfig& config);

/// Metadata of a program whose threads all start at `entry`. Doorbells, semaphores, requests, multicast ids
/// and sizes as 7.7 says; `context_major` tells whose execution context it expects. E_INVAL when the memories
/// are too small for the buffers.
Result<Metadata> program_metadata(const ProgramConfig& config, std::uint64_t entry,
                                  std::uint16_t context_major);

} // namespace qpc
