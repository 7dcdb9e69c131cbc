// SPDX-License-Identifier: BSD-3-Clause
// Job files of qaic-perf, and schedules of due times: what is taken can be put into a command line and
// played.
#include "base/bytes.hpp"
#include "job_file.hpp"
#include "load/arrivals.hpp"
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto job = qaic::perf::parse_job(text, "j.toml")) {
        const auto taken = [](const std::vector<std::string>&) { return std::string(); };
        const auto line = qaic::perf::with_job(*job, {"run", "--rate", "1"}, taken);
        if (!line || line->size() < 3) std::abort();
    }
    if (const auto times = qaic::load::parse_schedule(text, "s.txt")) {
        const qaic::load::ArrivalPlan plan{.kind = qaic::load::ArrivalKind::REPLAY, .times = *times};
        if (!qaic::load::check(plan)) std::abort();
        qaic::load::Arrivals arrivals(plan, 1e9);
        for (std::size_t i = 0; i < times->size(); ++i)
            if (arrivals.next() == qaic::load::Arrivals::never) break; // 2^64 ns is beyond any run
    }
    return 0;
}
