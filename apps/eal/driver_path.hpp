// SPDX-License-Identifier: BSD-3-Clause
// Where the driver plugin is, and whether EAL will take it.
#pragma once
#include "base/result.hpp"

#include <filesystem>
#include <string>

namespace qaic::eal {

/// The plugin to pass to EAL with -d. `given` (option --driver) wins; else the one of the build tree that
/// `folder` (of this program) is in. Empty when there is none: DPDK's own plugin folder then has to hold it.
/// E_INVAL: a given file that does not exist. E_PERM: EAL would refuse it, see world_writable_part().
Result<std::string> find_driver(const std::string& given, const std::filesystem::path& folder);

/// EAL refuses a plugin when the file or any folder above it is writable by everyone, and ends the process
/// over it (dpdk-driver-guide.md 1.6). Returns that path, or an empty one.
std::filesystem::path world_writable_part(const std::filesystem::path& file);

} // namespace qaic::eal
