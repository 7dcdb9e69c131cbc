// SPDX-License-Identifier: BSD-3-Clause
// Writing a result so that a reader finds the whole file or the old one.
#pragma once
#include "base/result.hpp"

#include <string>

namespace qaic::perf {

/// E_INVAL when a file cannot be made at `path`: asked before a long run, not after it. Leaves nothing
/// behind.
Result<void> check_writable(const std::string& path);
/// Writes a new file beside `path` and renames it.
Result<void> write_text(const std::string& path, const std::string& text);

} // namespace qaic::perf
