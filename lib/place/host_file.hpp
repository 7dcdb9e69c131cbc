// SPDX-License-Identifier: BSD-3-Clause
// Another host, as a file describes it: for planning, and for tests. config/topo/
#pragma once
#include "place/host.hpp"

namespace place {

/// Keys: `name`; `synthetic`, hwloc's text for a regular host; `allowed` and `isolated`, lists of CPUs;
/// tables
/// [[card]] with `name` and `node`. E_FORMAT "file:line:column: what".
Result<Host> parse_host(std::string_view text, const std::string& file);

} // namespace place
