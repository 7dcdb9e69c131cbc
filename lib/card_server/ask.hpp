// SPDX-License-Identifier: BSD-3-Clause
// The other end of a qaic-card's control socket: for `qaic-card ask`, and for tools that measure its cards.
#pragma once
#include "base/result.hpp"
#include <string>

namespace card_server {

/// Sends one request to the qaic-card that listens on `path`; its answer without the newline. Waits at most
/// 10 s.
[[nodiscard]] qaic::Result<std::string> ask(const std::string& path, const std::string& request);

} // namespace card_server
