// SPDX-License-Identifier: BSD-3-Clause
// Writing a result so that a reader finds the whole file or the old one.
#pragma once
#include "base/bytes.hpp"
#include "base/result.hpp"

#include <string>

namespace qaic::perf {

/// E_INVAL when a file cannot be made at `path`: asked before a long run, not after it. Leaves nothing
/// behind.
/// `option` is named in the message.
Result<void> check_writable(const char* option, const std::string& path);
/// Writes a new file beside `path` and renames it.
Result<void> write_file(const char* option, const std::string& path, ConstSpan content);

} // namespace qaic::perf
