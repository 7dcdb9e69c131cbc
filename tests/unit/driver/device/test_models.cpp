// SPDX-License-Identifier: BSD-3-Clause
// Models: load, start, run, stop, unload; several at once, on several queue pairs; bad bytes.
#include "fixture.hpp"

namespace test {
namespace {

using Models = DeviceTest;

TEST_F(Models, EchoRunsAndReturnsEveryByteOnce)
{
    bring_up(1, 1);
    start_all(1);
    for (int round = 0; round < 50; ++round) {
        Ops ops(*bus, 16, 0);
        ASSERT_EQ(enqueue(*qps[0], ops), 16);
        ASSERT_EQ(collect(*qps[0], ops, 16), 16u);
        for (std::size_t i = 0; i < 16; ++i) {
            EXPECT_EQ(ops.ops[i].status, RTE_ML_OP_STATUS_SUCCESS);
            EXPECT_TRUE(ops.echoed(i));
        }
        EXPECT_EQ(ops.returned_once(), 16u);
    }
    const auto c = device->model_counters(0);
    ASSERT_TRUE(c);
    EXPECT_EQ(c->finished, 800u);
    EXPECT_EQ(c->in_flight, 0u);
}

TEST_F(Models, ExactlyTheDepthFits)
{
    for (const std::uint32_t depth : {1u, 5u, 16u}) {
        qps.clear();
        bring_up(1, 1, nullptr, depth);
        start_all(1);
        Ops ops(*bus, 20, 0);
        EXPECT_EQ(enqueue(*qps[0], ops), depth);
        EXPECT_EQ(collect(*qps[0], ops, depth), depth);
        EXPECT_EQ(enqueue(*qps[0], ops, depth), std::min(20 - depth, depth));
        EXPECT_EQ(collect(*qps[0], ops, std::min(20 - depth, depth)), std::min(20 - depth, depth));
        ops.memory.release();
        device.reset();
    }
}

TEST_F(Models, SeveralModelsOnSeveralQueuePairs)
{
    bring_up(3, 4);
    start_all(4);
    std::vector<std::unique_ptr<Ops>> all;
    for (unsigned q = 0; q < 3; ++q)
        for (std::uint16_t m = 0; m < 4; ++m) {
            all.push_back(std::make_unique<Ops>(*bus, 4, m));
            EXPECT_EQ(enqueue(*qps[q], *all.back()), 4);
        }
    for (unsigned q = 0; q < 3; ++q) {
        // One array of counts per queue pair: which Ops an op belongs to is told by its model.
        std::size_t n = 0;
        for (int tries = 0; tries < 10000 && n < 16; ++tries) {
            std::array<rte_ml_op*, 64> got{};
            const auto k = fast::dequeue_burst(*qps[q], got.data(), 64);
            for (std::uint16_t i = 0; i < k; ++i) ++all[q * 4 + got[i]->model_id]->returned[got[i]->user_u64];
            n += k;
            if (k == 0) bus->relax(100us);
        }
        EXPECT_EQ(n, 16u);
    }
    for (auto& ops : all) {
        EXPECT_EQ(ops->returned_once(), 4u);
        for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(ops->echoed(i));
    }
    for (std::uint16_t m = 0; m < 4; ++m) ok(device->stop_model(m));
    for (std::uint16_t m = 0; m < 4; ++m) ok(device->unload_model(m));
    ok(device->stop(0));
}

TEST_F(Models, EveryWrongOrderIsRefused)
{
    bring_up(1, 1);
    EXPECT_EQ(device->start_model(0).error().code, Code::E_INVAL) << "device is stopped";
    EXPECT_EQ(device->stop_model(0).error().code, Code::E_INVAL);
    start_all(1);
    EXPECT_EQ(device->start_model(0).error().code, Code::E_BUSY);
    EXPECT_EQ(device->unload_model(0).error().code, Code::E_BUSY);
    for (const int id : {1, 3, 4, 65535}) {
        EXPECT_EQ(device->start_model(static_cast<std::uint16_t>(id)).error().code, Code::E_INVAL);
        EXPECT_EQ(device->stop_model(static_cast<std::uint16_t>(id)).error().code, Code::E_INVAL);
        EXPECT_EQ(device->unload_model(static_cast<std::uint16_t>(id)).error().code, Code::E_INVAL);
        EXPECT_EQ(device->model(static_cast<std::uint16_t>(id)), nullptr);
    }
    ok(device->stop_model(0));
    EXPECT_EQ(device->stop_model(0).error().code, Code::E_INVAL);
    ok(device->unload_model(0));
    EXPECT_EQ(device->unload_model(0).error().code, Code::E_INVAL);
}

TEST_F(Models, SlotsRunOutAndAreReused)
{
    bring_up(1, 4);
    EXPECT_EQ(device->load_model(echo()).error().code, Code::E_NORES);
    ok(device->unload_model(2));
    const auto id = device->load_model(echo());
    ASSERT_TRUE(id);
    EXPECT_EQ(*id, 2);
}

TEST_F(Models, BadBytesAreRefusedAndLeaveNothing)
{
    bring_up(1, 0);
    const auto good = echo();
    EXPECT_FALSE(device->load_model({}));
    EXPECT_FALSE(device->load_model(Bytes(100, std::byte{0x41})));
    for (std::size_t n = 0; n < good.size(); n += good.size() / 23)
        EXPECT_FALSE(device->load_model(ConstSpan(good).first(n)));
    for (std::size_t at = 0; at < std::min<std::size_t>(good.size(), 200); ++at) {
        auto bad = good;
        bad[at] ^= std::byte{0xff};
        if (auto id = device->load_model(bad)) ok(device->unload_model(*id)); // some bytes do not matter
    }
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(device->load_model(good));
}

TEST_F(Models, OpsInFlightKeepAModel)
{
    bring_up(1, 1);
    start_all(1);
    const unsigned dbc = 0;
    qsm().freeze(dbc, true);
    Ops ops(*bus, 3, 0);
    ASSERT_EQ(enqueue(*qps[0], ops), 3);
    EXPECT_EQ(device->stop_model(0).error().code, Code::E_BUSY);
    EXPECT_EQ(device->close(false, 0).error().code, Code::E_BUSY);
    qsm().freeze(dbc, false);
    EXPECT_EQ(collect(*qps[0], ops, 3), 3u);
    ok(device->stop_model(0));
    ok(device->start_model(0));
    EXPECT_EQ(enqueue(*qps[0], ops), 3) << "and it runs again";
    EXPECT_EQ(collect(*qps[0], ops, 3), 3u);
}

TEST_F(Models, InvalidOperationsComeBackWithTheirReason)
{
    bring_up(1, 1);
    start_all(1);
    Ops ops(*bus, 8, 0);
    ops.ops[0].model_id = 1;
    ops.ops[1].model_id = 999;
    ops.ops[2].nb_batches = 2;
    ops.ops[3].input = nullptr;
    ops.segs[4 * 2].length = echo_bytes - 1;
    ops.segs[5 * 2 + 1].length = 0;
    ops.segs[6 * 2].iova_addr = RTE_BAD_IOVA;
    EXPECT_EQ(enqueue(*qps[0], ops), 8);
    EXPECT_EQ(collect(*qps[0], ops, 8), 8u);
    const OpRule rules[] = {OpRule::MODEL,      OpRule::MODEL,       OpRule::BATCHES, OpRule::NO_BUFFER,
                            OpRule::INPUT_SIZE, OpRule::OUTPUT_SIZE, OpRule::IOVA};
    for (std::size_t i = 0; i < std::size(rules); ++i) {
        EXPECT_EQ(ops.ops[i].status, RTE_ML_OP_STATUS_ERROR) << i;
        EXPECT_EQ(ops.fate(i).rule, static_cast<std::uint8_t>(rules[i])) << i;
    }
    EXPECT_EQ(ops.ops[7].status, RTE_ML_OP_STATUS_SUCCESS);
}

TEST_F(Models, InformationDescribesTheProgram)
{
    power_on();
    ok(device->attach());
    ok(device->configure(1, 2));
    qpc::ProgramSpec spec;
    spec.name = "two";
    spec.builtin = aic100::NspBuiltin::ECHO;
    spec.inputs = {{"a", qpc::DataType::FLOAT32, {2, 3}}, {"b", qpc::DataType::INT64, {5}}};
    spec.outputs = {{"c", qpc::DataType::FLOAT32, {2, 3}}, {"d", qpc::DataType::INT64, {5}}};
    const auto bytes = qpc::build_container(spec);
    ASSERT_TRUE(bytes) << bytes.error().message();
    ASSERT_TRUE(device->load_model(*bytes));
    rte_ml_model_info info;
    std::memset(&info, 0xff, sizeof info); // the library does not clear it
    device->model(0)->fill(info);
    EXPECT_STREQ(info.name, "two");
    EXPECT_EQ(info.io_layout, RTE_ML_IO_LAYOUT_PACKED);
    EXPECT_EQ(info.min_batches, 1);
    EXPECT_EQ(info.max_batches, 1);
    ASSERT_EQ(info.nb_inputs, 2u);
    ASSERT_EQ(info.nb_outputs, 2u);
    EXPECT_STREQ(info.input_info[0].name, "a");
    ASSERT_EQ(info.input_info[0].nb_dims, 2u);
    EXPECT_EQ(info.input_info[0].shape[1], 3u);
    EXPECT_EQ(info.input_info[0].type, RTE_ML_IO_TYPE_FP32);
    EXPECT_EQ(info.input_info[0].size, 24u);
    EXPECT_EQ(info.output_info[1].type, RTE_ML_IO_TYPE_INT64);
    EXPECT_EQ(info.output_info[1].nb_elements, 5u);
    EXPECT_EQ(device->model(0)->layout().input_bytes, 24u + 40);
    EXPECT_EQ(device->model(0)->layout().inputs[1].packed_at, 24u);
}

} // namespace
} // namespace test
