// SPDX-License-Identifier: BSD-3-Clause
// What the JSON documents of all sub-commands have in common.
#pragma once
#include "report.hpp"

#include <nlohmann/json.hpp>

namespace qaic::perf {

using Json = nlohmann::ordered_json;

/// schema_version, tool, environment, options and device; `known`: what there was before any measurement.
Json report_head(const char* tool, const Report& known);
/// Text with two blanks of indentation and a newline; what is not UTF-8 is replaced.
std::string dump(const Json& document);

} // namespace qaic::perf
