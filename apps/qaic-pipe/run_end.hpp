// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace qaic_pipe {

/// How a run came to its end.
enum class RunEnd {
    FINISHED,   ///< its sources ended, or it drained
    LINK_FULL,  ///< a link with "fail"
    STOPPED,    ///< by a second signal
    NOT_DRAINED ///< within the limit
};

} // namespace qaic_pipe
