// SPDX-License-Identifier: BSD-3-Clause
// Builds the container of a host-native NSP program from a shared object and its JSON configuration.
// aic100-workload.md 7.7, 7.9
#pragma once
#include "qpc/program_config.hpp"

namespace qpc {

/// The container's bytes: what the vendor's compiler makes of the same configuration, but for network.elf.
/// What comes out has been loaded again with load_program() and was accepted. E_INVAL or E_FORMAT name what
/// does not fit.
Result<Bytes> build_native_container(const ProgramConfig& config, ConstSpan shared_object);

} // namespace qpc
