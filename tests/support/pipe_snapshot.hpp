// SPDX-License-Identifier: BSD-3-Clause
// An invented snapshot in which every number is another one, so that a test sees each that goes missing or
// comes out under another's name.
#pragma once
#include "pipeline/snapshot.hpp"

namespace test {

inline pipeline::StageSnapshot pipe_stage(std::string name, std::string kind, unsigned lcore,
                                          std::uint64_t base)
{
    pipeline::StageSnapshot s;
    s.name = std::move(name);
    s.kind = std::move(kind);
    s.lcore = lcore;
    s.cpu = lcore + 20;
    s.in = base + 1;
    s.out = base + 2;
    s.held = base / 1000 + 3;
    s.busy_cycles = base * 40 + 4;
    s.bursts = base / 30 + 5;
    const auto us = static_cast<double>(base) / 1e6;
    s.latency = {base / 64 + 6, us + 0.25, us + 7.5, us + 90.125, us + 1300};
    return s;
}

/// capture -> features -> infer (two replicas) -> out; nothing in it adds up, but its ledger.
inline pipeline::PipelineSnapshot pipe_snapshot()
{
    pipeline::PipelineSnapshot p;
    p.name = "packets";
    p.seconds = 12.5;
    p.tsc_hz = 2.1e9;
    p.stages = {pipe_stage("capture", "ethdev", 1, 15'000'000), pipe_stage("features", "flow", 2, 14'000'000),
                pipe_stage("infer", "infer", 3, 7'100'000), pipe_stage("infer", "infer", 4, 7'200'000),
                pipe_stage("out", "pcap", 1, 13'000'000)};
    p.stages[0].in = 0;
    p.stages[1].dropped = {{"not_ip", 1201}, {"table_full", 0}};
    p.stages[3].replica = 1;
    for (const std::size_t i : {2, 3}) {
        p.stages[i].dropped = {{"deadline", 40 + i}, {"no_card", 50 + i}};
        p.stages[i].counts = {{"retries", 60 + i}, {"failovers", 70 + i}};
    }
    p.links = {
        {"capture", "features", 0, pipeline::WhenFull::BLOCK, 1024, 17, 1011, 14'900'001, 465'000, 1200, 0},
        {"features", "infer", 0, pipeline::WhenFull::DROP_OLDEST, 512, 18, 512, 7'300'002, 228'000, 9100,
         8123},
        {"features", "infer", 1, pipeline::WhenFull::DROP_NEWEST, 256, 19, 255, 7'400'003, 229'000, 9200,
         9123},
        {"infer", "out", 0, pipeline::WhenFull::FAIL, 2048, 21, 64, 14'500'004, 460'000, 0, 0}};
    p.lcores = {{1, 21, 26'000'000'001, 250'000'001},
                {2, 22, 20'000'000'002, 6'250'000'002},
                {3, 23, 24'000'000'003, 2'250'000'003},
                {4, 24, 23'000'000'004, 3'250'000'004}};
    p.end_to_end = {14'400'007, 21.5, 84.25, 402.125, 5321.5};
    p.ledger = {15'000'002, 14'978'500, 21'202, 300};
    return p;
}

} // namespace test
