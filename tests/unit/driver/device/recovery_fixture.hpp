// SPDX-License-Identifier: BSD-3-Clause
// A device whose upkeep the test does itself, and what it tells of.
#pragma once
#include "fixture.hpp"

namespace test {

class RecoveryTest : public DeviceTest {
  protected:
    void SetUp() override { op_timeout = 1s; }
    void bring_up(unsigned pairs, unsigned models, rte_ml_dev_stop_flush_t flush = nullptr,
                  std::uint32_t depth = 64, std::optional<DeviceConfig> c = {})
    {
        qps.clear(), events.clear();
        DeviceTest::bring_up(pairs, models, flush, depth, std::move(c));
        device->on_event([this](const DeviceEvent& e) { events.push_back(e); });
    }
    /// The card as it was delivered.
    void fresh_card()
    {
        device.reset();
        link.card().faults().restore_registers();
        link.card().power_cycle();
    }
    void expect_all(Ops& ops, Code code)
    {
        for (std::size_t i = 0; i < ops.ops.size(); ++i) {
            EXPECT_EQ(ops.ops[i].status, RTE_ML_OP_STATUS_ERROR) << i;
            EXPECT_EQ(ops.fate(i).code, code) << i << " " << code_name(ops.fate(i).code);
        }
        EXPECT_EQ(ops.returned_once(), ops.ops.size());
    }
    /// What the slow timer does, then `span` passes.
    void upkeep(Nanos span)
    {
        if (device->housekeep()) device->recover();
        bus->run_for(span);
    }
    /// Until the device knows that the card is lost, at most 2 s of the card's time; nothing is brought back
    /// yet.
    bool notice_loss()
    {
        for (int i = 0; i < 200; ++i) {
            upkeep(0ns);
            if (device->state() == DeviceState::RECOVERING) return true;
            bus->run_for(10ms);
        }
        return false;
    }
    /// At most a minute of the card's time.
    bool until(DeviceState wanted)
    {
        for (int i = 0; i < 6000 && device->state() != wanted; ++i) upkeep(10ms);
        return device->state() == wanted;
    }
    void lose_and_recover()
    {
        faults().sys_err(false);
        ASSERT_TRUE(notice_loss());
        ASSERT_TRUE(until(DeviceState::ONLINE));
    }
    /// `count` operations succeed, each exactly once.
    void expect_good(std::uint16_t model, std::size_t count, unsigned pair = 0)
    {
        constexpr std::size_t most = 64;
        Ops ops(*bus, std::min(count, most), model);
        for (std::size_t done = 0; done < count;) {
            const auto n = std::min(most, count - done);
            std::fill(ops.returned.begin(), ops.returned.end(), 0u);
            for (auto& op : ops.ops) op.status = RTE_ML_OP_STATUS_NOT_PROCESSED;
            ASSERT_EQ(enqueue(*qps[pair], ops, 0, n), n);
            ASSERT_EQ(collect(*qps[pair], ops, n), n) << "after " << done;
            for (std::size_t i = 0; i < n; ++i) {
                ASSERT_EQ(ops.ops[i].status, RTE_ML_OP_STATUS_SUCCESS) << code_name(ops.fate(i).code);
                ASSERT_EQ(ops.returned[i], 1u);
                ASSERT_TRUE(ops.echoed(i));
                std::memset(ops.segs[i * 2].addr, static_cast<int>(done + i), 8);
            }
            done += n;
        }
        EXPECT_EQ(qps[pair]->in_flight(), 0u);
    }
    [[nodiscard]] std::size_t told(DeviceEventKind kind) const
    {
        return static_cast<std::size_t>(
            std::count_if(events.begin(), events.end(), [&](const auto& e) { return e.kind == kind; }));
    }
    /// Register offset of the doorbell that starts a boot.
    [[nodiscard]] std::uint32_t bhi_doorbell()
    {
        return bus->mhi_read32(aic100::mhi_reg::BHIOFF) + aic100::bhi_reg::IMGTXDB;
    }

    std::vector<DeviceEvent> events;
};

} // namespace test
