// SPDX-License-Identifier: BSD-3-Clause
// The data path as it is when DPDK has enable_trace_fp: a program of its own, because the rest is compiled as
// it is without.
#define RTE_ENABLE_TRACE_FP 1
#include "qaic/dbc/queue_setup.hpp"
#include "support/fake_bus.hpp"
#include "support/null_dbc.hpp"
#include <gtest/gtest.h>

namespace {
using namespace qaic;

struct Told {
    unsigned dbc;
    std::uint32_t tail;
    std::uint64_t ops;
};
std::vector<Told> told;

TEST(DoorbellTrace, EachWriteIsTold)
{
    test::FakeBus bus;
    auto queue =
        std::move(*dbc::Queue::allocate(bus, {.elements_per_op = 2, .depth = 64, .op_limit = 1u << 30}));
    ASSERT_TRUE(queue->bind(0, 0));
    const dbc::Transfer in{.bytes = 32}, out{.to_device = false, .bytes = 16};
    const auto plan = *dbc::plan_slices(std::vector{in, out}, {.ddr = 0x1000}, 32, 16);
    auto& lane = queue->lane(0);
    const dbc::Work work[3] = {{nullptr, 0x10000, 0x20000}, {nullptr, 0x10000, 0x20000}, {nullptr, 0, 0}};
    ASSERT_EQ(lane.submit(plan.elements, work, 3), 3u);
    lane.flush(); // nobody listens
    dbc::doorbell_trace = [](std::uint8_t dbc, std::uint32_t tail, std::uint64_t ops) noexcept {
        told.push_back({dbc, tail, ops});
    };
    ASSERT_EQ(lane.submit(plan.elements, work, 1), 1u);
    EXPECT_TRUE(told.empty()) << "not written yet";
    lane.flush();
    lane.flush();
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].dbc, 0u);
    EXPECT_EQ(told[0].tail, 8u);
    EXPECT_EQ(told[0].ops, 1u);
}

} // namespace
