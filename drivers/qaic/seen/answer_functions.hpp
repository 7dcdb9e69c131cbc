// SPDX-License-Identifier: BSD-3-Clause
// What each telemetry command answers (the table of them: answers.cpp). Everything that can fail does so
// before the reply is begun.
#pragma once
#include "qaic/seen/answers.hpp"
#include "qaic/seen/reply.hpp"
#include "qaic/seen/seats.hpp"

namespace qaic::seen {

/// E_LIMIT when the reply could not hold everything.
[[nodiscard]] inline Result<void> fits(const Dict& reply)
{
    if (reply.overflowed()) return fail(Code::E_LIMIT, "the answer does not fit into a telemetry reply");
    return {};
}

using Answer = Result<void>(const Options& options, rte_tel_data* reply);
// answers_card.cpp
Answer answer_list, answer_info, answer_sensors, answer_bootlog, answer_errors;
// answers_work.cpp
Answer answer_models, answer_queues, answer_xstats, answer_latency;

} // namespace qaic::seen
