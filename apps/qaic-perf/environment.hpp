// SPDX-License-Identifier: BSD-3-Clause
// Where and with what a run took place. Needs a running EAL.
#pragma once
#include "report.hpp"

namespace qaic::perf {

Environment describe_environment();

} // namespace qaic::perf
