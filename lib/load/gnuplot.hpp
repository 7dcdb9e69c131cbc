// SPDX-License-Identifier: BSD-3-Clause
// Runs gnuplot. Apart from plot.hpp, so that everything else here stays without a process.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include <string>

namespace qaic::load {

/// Makes `path` of a script of plot.hpp: the whole picture or the old file, nothing in between. Waits for
/// gnuplot, at most `limit`. E_UNSUPP when gnuplot is not installed, E_TIMEOUT after the limit, E_INVAL with
/// gnuplot's own words or when the file cannot be written. Any thread; the process's children are left alone
/// but for its own.
Result<void> render_svg(const std::string& script, const std::string& path, Nanos limit = 60s);

} // namespace qaic::load
