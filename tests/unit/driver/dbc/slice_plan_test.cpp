// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/dbc/slice_plan.hpp"
#include <gtest/gtest.h>

namespace {
using namespace qaic::dbc;
using aic100::sem_word::make;
using qaic::Code;

constexpr std::uint32_t wait_eq = 4, init = 1;

/// simple_io of aic100-workload.md appendix A.
std::vector<Transfer> simple_io()
{
    std::vector<Transfer> t(3);
    t[0] = {.on_chip = true,
            .device_offset = 0x800000 + 3072,
            .bytes = 64,
            .doorbell = true,
            .doorbell_offset = 0,
            .doorbell_data = 1};
    t[0].sem[0] = make(wait_eq, 0, 1, true);
    t[1] = {.on_chip = true,
            .host_offset = 64,
            .device_offset = 2 * 0x800000,
            .bytes = 64,
            .doorbell = true,
            .doorbell_offset = 4,
            .doorbell_data = 1};
    t[1].sem[0] = make(wait_eq, 0, 1, true) | aic100::sem_word::FENCE_TO_DEVICE;
    t[1].sem[1] = make(init, 0, 0, false) | aic100::sem_word::FENCE_TO_DEVICE;
    t[2] = {.to_device = false,
            .device_offset = 64,
            .bytes = 64,
            .doorbell = true,
            .doorbell_offset = 8,
            .doorbell_data = 1};
    t[2].sem[0] = make(wait_eq, 1, 0, true);
    t[2].sem[1] = make(init, 1, 1, false);
    return t;
}

TEST(SlicePlan, MakesTheElementsOfSimpleIo)
{
    constexpr std::uint64_t mcid = 0x200000000, ddr = 0x100000000;
    const auto plan = plan_slices(simple_io(), {.ddr = ddr, .mcid = mcid}, 128, 64);
    ASSERT_TRUE(plan) << plan.error().message();
    ASSERT_EQ(plan->elements.size(), 3u);
    const auto& e0 = plan->elements[0].wire;
    const auto& e1 = plan->elements[1].wire;
    const auto& e2 = plan->elements[2].wire;
    EXPECT_EQ(e0.cmd, 0x09); // the table's 0x19 but for the response, which only the last element asks for
    EXPECT_EQ(e1.cmd, 0x09);
    EXPECT_EQ(e2.cmd, 0x1a);
    EXPECT_EQ(e0.destination, mcid + 0x800c00);
    EXPECT_EQ(e1.destination, mcid + 0x1000000);
    EXPECT_EQ(e1.source, 64u);
    EXPECT_EQ(e2.source, ddr + 0x40);
    EXPECT_EQ(e0.doorbell_attr, 0x80);
    EXPECT_EQ(e2.doorbell_addr, mcid + 8);
    EXPECT_EQ(e0.sem[0], 0x84400001u);
    EXPECT_EQ(e1.sem[0], 0xc4400001u);
    EXPECT_EQ(e1.sem[1], 0xc1000000u);
    EXPECT_EQ(e2.sem[0], 0x84410000u); // no fence added: the semaphores already order everything
    EXPECT_EQ(e2.sem[1], 0x81010001u);
    EXPECT_EQ(plan->elements[0].in_mask, ~0ull);
    EXPECT_EQ(plan->elements[2].out_mask, ~0ull);
    EXPECT_EQ(plan->elements[2].in_mask, 0u);
}

TEST(SlicePlan, FencesTheResponseWhenNoSemaphoreOrdersTheTransfers)
{
    std::vector<Transfer> t(2);
    t[0] = {.bytes = 16};
    t[1] = {.to_device = false, .bytes = 16};
    const auto plan = plan_slices(t, {}, 16, 16);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->elements[0].wire.sem[0], 0u);
    EXPECT_EQ(plan->elements[1].wire.sem[0], 0x60000000u);
}

TEST(SlicePlan, FencesTheResponseWhenOutputsAreNotLast)
{
    auto t = simple_io();
    std::swap(t[0], t[2]);
    const auto plan = plan_slices(t, {}, 128, 64);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->elements[0].wire.cmd & aic100::req_cmd::RESPONSE, 0);
    EXPECT_EQ(plan->elements[2].wire.cmd, 0x19);
    EXPECT_EQ(plan->elements[2].wire.sem[0] & 0x60000000u, 0x60000000u);
}

TEST(SlicePlan, SizeZeroBecomesNoTransfer)
{
    std::vector<Transfer> t(1);
    t[0].doorbell = true;
    const auto plan = plan_slices(t, {}, 0, 0);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->elements[0].wire.cmd, 0x18);
    EXPECT_EQ(plan->elements[0].in_mask, 0u);
}

TEST(SlicePlan, RefusesWhatLeavesTheBuffersOrOverflows)
{
    std::vector<Transfer> t(1);
    EXPECT_EQ(plan_slices({}, {}, 0, 0).error().code, Code::E_FORMAT);
    t[0] = {.host_offset = 60, .bytes = 8};
    EXPECT_EQ(plan_slices(t, {}, 64, 64).error().code, Code::E_FORMAT);
    t[0] = {.host_offset = ~0ull, .bytes = 8};
    EXPECT_EQ(plan_slices(t, {}, 64, 64).error().code, Code::E_FORMAT);
    t[0] = {.device_offset = ~0ull - 4, .bytes = 8};
    EXPECT_EQ(plan_slices(t, {}, 64, 64).error().code, Code::E_PROTO);
    t[0] = {.bytes = 8, .doorbell = true, .doorbell_offset = 2};
    EXPECT_EQ(plan_slices(t, {}, 64, 64).error().code, Code::E_FORMAT);
    t[0].doorbell_size = aic100::doorbell_attr::BITS16;
    EXPECT_TRUE(plan_slices(t, {}, 64, 64));
}
} // namespace
