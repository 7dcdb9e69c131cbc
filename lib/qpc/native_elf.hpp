// SPDX-License-Identifier: BSD-3-Clause
// x86-64 shared objects as NSP programs: the symbol they start at, and the section they are given.
// aic100-workload.md 7.9
#pragma once
#include "base/bytes.hpp"
#include "base/result.hpp"
#include <string_view>

namespace qpc {
using namespace qaic;

/// Value of a defined function in the dynamic symbol table. E_FORMAT when the file is no such object or does
/// not export it.
Result<std::uint64_t> exported_function(ConstSpan object, std::string_view name);

/// The object with one more section, which nothing loads; all else keeps its place. E_FORMAT when there is
/// one of that name already.
Result<Bytes> with_section(ConstSpan object, std::string_view name, ConstSpan data);

} // namespace qpc
