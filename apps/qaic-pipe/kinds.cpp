// SPDX-License-Identifier: BSD-3-Clause
#include "kinds.hpp"

namespace qaic_pipe {

void register_kinds() {}

} // namespace qaic_pipe
