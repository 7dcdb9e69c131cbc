// SPDX-License-Identifier: BSD-3-Clause
// Text that came from a file, made fit for one line of a terminal or a log.
#pragma once
#include <string>
#include <string_view>

namespace qpc {

/// `text` with everything but printable ASCII as \xNN and quotes and backslashes escaped; cut at `limit`
/// characters of input with "..." behind it.
std::string printable(std::string_view text, std::size_t limit = 64);

} // namespace qpc
