// SPDX-License-Identifier: BSD-3-Clause
// A report without fault, for tests to break.
#pragma once
#include "report.hpp"

#include <memory>

namespace qaic::perf::test {

inline std::unique_ptr<Report> good_report()
{
    auto r = std::make_unique<Report>();
    r->environment.tsc_hz = 2'000'000'000;
    r->options.model = "digits.qpc";
    r->options.input = "in.f32";
    r->options.expect = "out.f32";
    r->options.labels = "labels.u8";
    r->model = {"digits",
                "1",
                0,
                1,
                true,
                61352,
                {{"image", {1, 1, 8, 8}, RTE_ML_IO_TYPE_FP32, 64, 256}},
                {{"logits", {1, 10}, RTE_ML_IO_TYPE_FP32, 10, 40}}};
    r->boot = {{"boot_pbl_us", 1234}};
    r->tensors = 4;
    r->verify = {{4, 4, 0, 0, 0}, 0.1, false, 0, ""};
    r->warmup = {{50, 50, 0, 0, 0}, 0.1, false, 0, ""};
    r->measure = {{100, 100, 0, 0, 0}, 0.5, false, 0, ""};
    r->verification.checked = r->verification.labelled = r->verification.classed =
        r->verification.same_class = 4;
    r->verification.correct = 3;
    r->costs = {4000, 20, 0, 0, 6000, 25, 100, 10};
    for (std::uint64_t i = 1; i <= 100; ++i) r->outcome.latency.record(i * 1000);
    r->outcome.service = r->outcome.latency;
    r->counted = {154, 154, 0, 0};
    return r;
}

} // namespace qaic::perf::test
