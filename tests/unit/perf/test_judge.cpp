// SPDX-License-Identifier: BSD-3-Clause
// The verdict: a sound report passes, and each single fault fails it with its own line.
#include "a_report.hpp"

#include <functional>
#include <gtest/gtest.h>

namespace {

using namespace qaic::perf;
using qaic::perf::test::good_report;

TEST(Judge, ASoundReportPasses)
{
    const auto r = good_report();
    judge(*r);
    EXPECT_TRUE(r->ok()) << r->problems.front();
}

TEST(Judge, ARuleThatEndedTheRunIsNoProblem)
{
    const auto r = good_report();
    r->options.until = "p99", r->options.error = 0.02;
    // Known to 2 % when it was asked; what was still out then came on top.
    r->until = UntilReport{{qaic::load::StopState::NOT_YET, 99e3, 97e3, 100e3, 0.0202, 102}, true, true};
    judge(*r);
    EXPECT_TRUE(r->ok());
}

TEST(Judge, SpecialValuesAreAWarningOnlyWhenNothingSaysWhatIsRight)
{
    const auto r = good_report();
    r->verification.special = {2, 1};
    r->sampled.special = {0, 5};
    judge(*r);
    EXPECT_TRUE(r->ok());
    EXPECT_TRUE(r->warnings.empty()); // --expect has them too, or it would be wrong
    r->options.expect.clear();
    judge(*r);
    EXPECT_TRUE(r->ok());
    ASSERT_EQ(r->warnings.size(), 2U);
    EXPECT_EQ(r->warnings[0].rfind("verify: 2 elements of the outputs are NaN and 1 infinite", 0), 0U);
    EXPECT_EQ(r->warnings[1].rfind("measure: 0 elements of the outputs are NaN and 5 infinite", 0), 0U);
}

struct Fault {
    const char* expected; ///< part of the line
    std::function<void(Report&)> make;
};

const Fault faults[] = {
    {"measure: counts do not balance", [](Report& r) { r.measure.ledger.submitted = 101; }},
    {"warm-up: counts do not balance", [](Report& r) { r.warmup.ledger.succeeded = 49; }},
    {"1 came back without being out", [](Report& r) { r.measure.ledger.stray = 1; }},
    {"waited 10.00 s for 1 ops in flight",
     [](Report& r) {
         r.measure = {{100, 99, 0, 0, 1}, 10.5, true, 10.0, ""};
     }},
    {"measure: 1 of 100 ops failed; the first: input 3: boom",
     [](Report& r) {
         r.measure = {{100, 99, 1, 0, 0}, 0.5, false, 0, "input 3: boom"};
     }},
    {"verify: cannot read", [](Report& r) { r.verify.first_failure = "cannot read"; }},
    {"the device counted 155 enqueued", [](Report& r) { r.counted.enqueued = 155; }},
    {"and 153 dequeued", [](Report& r) { r.counted.dequeued = 153; }},
    {"the device counted 2 failed ops", [](Report& r) { r.counted.dequeue_errors = 2; }},
    {"only 3 of 4 outputs could be compared", [](Report& r) { r.verification.checked = 3; }},
    {"output 2 element 7 differs by 0.5",
     [](Report& r) {
         r.verification.wrong = 1;
         r.verification.first_wrong_tensor = 2;
         r.verification.first_wrong = {0.5, 7, 1, 0};
     }},
    {"1 of 4 outputs name another class", [](Report& r) { r.verification.same_class = 3; }},
    {"measure: output", [](Report& r) { r.sampled.wrong = 1; }},
    {"measure: 1 of 9 outputs are not the bytes that their input gave first; the first: input 3 of model 1 "
     "on "
     "b, operation 8 of lcore 4",
     [](Report& r) {
         r.options.devices = {"a", "b"};
         r.checksums = {9, 360, 1, 0, {3, 8, 1, 2, 4, 1, 1}};
     }},
    {"measure: 2 outputs are of inputs that gave none", [](Report& r) { r.checksums.unknown = 2; }},
    {"measure: 2 of 2 checked outputs name another class", [](Report& r) { r.sampled.classed = 2; }},
    {"measure: p99.9 of the latency is known to 3.1 % after 100 samples and 0.5 s, and --error asks for 2 %: "
     "it takes about "
     "240 samples",
     [](Report& r) {
         r.options.until = "p99.9", r.options.error = 0.02;
         r.until =
             UntilReport{{qaic::load::StopState::HOPELESS, 99e3, 98e3, 100e3, 0.031, 240}, false, false};
     }},
    {"measure: p99 of the latency is not known at all after 100 samples",
     [](Report& r) {
         r.options.until = "p99", r.options.error = 0.02;
         r.until = UntilReport{{qaic::load::StopState::HOPELESS, 0, 0, 0, -1, 368}, false, false};
     }},
    {"the first lcore's samples ended the run",
     [](Report& r) {
         r.options.until = "p99", r.options.error = 0.02;
         r.until = UntilReport{{qaic::load::StopState::NOT_YET, 99e3, 97e3, 100e3, 0.035, 300}, true, false};
     }},
    {"no inference succeeded",
     [](Report& r) {
         r.measure = {};
         r.counted = {54, 54, 0, 0};
     }},
};

TEST(Judge, EachFaultFailsWithItsOwnLine)
{
    for (const auto& fault : faults) {
        const auto r = good_report();
        fault.make(*r);
        judge(*r);
        EXPECT_FALSE(r->ok()) << fault.expected;
        std::string all;
        for (const auto& p : r->problems) {
            all += p + "\n";
            EXPECT_EQ(p.find('\n'), std::string::npos);
        }
        EXPECT_NE(all.find(fault.expected), std::string::npos) << all;
    }
}

TEST(Figures, AreDerivedFromTheMeasuredPhase)
{
    const auto r = good_report();
    EXPECT_DOUBLE_EQ(r->per_second(), 200);
    EXPECT_DOUBLE_EQ(r->enqueue_ticks_per_op(), 40);
    EXPECT_DOUBLE_EQ(r->dequeue_ticks_per_op(), 60);
    EXPECT_DOUBLE_EQ(r->empty_poll_ticks(), 10);
    EXPECT_DOUBLE_EQ(r->accuracy(), 0.75);
    EXPECT_DOUBLE_EQ(r->ns(2000), 1000);
    EXPECT_EQ(r->total().submitted, 154U);
    EXPECT_EQ(Report{}.per_second(), 0);
}

} // namespace
