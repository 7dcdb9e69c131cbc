// SPDX-License-Identifier: BSD-3-Clause
// Models and inferences through the API, conversions, errors, an operation that never ends.
#include "fixture.hpp"
#include "qaic/op_fate.hpp"

namespace test {
namespace {

class Models : public MlTest {
  protected:
    std::uint16_t model = 0;
};

TEST_F(Models, EchoInBurstsOnTwoQueuePairs)
{
    Plugged card;
    run(card.id, echo(1000), &model, 2);
    std::vector<std::unique_ptr<Op>> ops;
    for (int i = 0; i < 64; ++i) ops.push_back(std::make_unique<Op>(model, 1000, 1000));
    for (int round = 0; round < 20; ++round) {
        std::vector<rte_ml_op*> burst[2];
        for (std::size_t i = 0; i < ops.size(); ++i) {
            std::memset(ops[i]->in(), static_cast<int>(i + round * 7u), 1000);
            burst[i % 2].push_back(&ops[i]->op);
        }
        for (std::uint16_t q = 0; q < 2; ++q)
            ASSERT_EQ(rte_ml_enqueue_burst(card.id, q, burst[q].data(), 32), 32);
        for (std::uint16_t q = 0; q < 2; ++q) {
            auto back = dequeue(card.id, 32, q);
            std::sort(back.begin(), back.end());
            std::sort(burst[q].begin(), burst[q].end());
            EXPECT_EQ(back, burst[q]) << "each once, on its own queue pair";
        }
        for (auto& op : ops) {
            EXPECT_EQ(op->op.status, RTE_ML_OP_STATUS_SUCCESS);
            EXPECT_EQ(std::memcmp(op->in(), op->out(), 1000), 0);
        }
    }
}

TEST_F(Models, SeveralAtOnceInAnyOrder)
{
    Plugged card;
    ASSERT_EQ(configure(card.id, 1, 6), 0);
    ASSERT_EQ(queue(card.id), 0);
    ASSERT_EQ(rte_ml_dev_start(card.id), 0);
    std::uint16_t ids[6];
    for (std::uint32_t m = 0; m < 6; ++m) ASSERT_EQ(load(card.id, echo(64 * (m + 1)), &ids[m]), 0);
    EXPECT_EQ(load(card.id, echo(64), &model), -ENOSPC);
    for (const auto m : {3, 1, 5, 0, 2, 4}) ASSERT_EQ(rte_ml_model_start(card.id, ids[m]), 0);
    for (std::uint32_t m = 0; m < 6; ++m) {
        Op op(ids[m], 64 * (m + 1), 64 * (m + 1));
        op.in()[0] = static_cast<std::uint8_t>(m + 1);
        EXPECT_EQ(infer(card.id, op), RTE_ML_OP_STATUS_SUCCESS);
        EXPECT_EQ(op.out()[0], m + 1);
    }
    for (const auto m : {2, 4, 0}) {
        ASSERT_EQ(rte_ml_model_stop(card.id, ids[m]), 0);
        ASSERT_EQ(rte_ml_model_unload(card.id, ids[m]), 0);
    }
    Op still(ids[1], 128, 128);
    EXPECT_EQ(infer(card.id, still), RTE_ML_OP_STATUS_SUCCESS);
    Op gone(ids[2], 192, 192);
    EXPECT_EQ(infer(card.id, gone), RTE_ML_OP_STATUS_ERROR);
}

TEST_F(Models, BadProgramsAreRefused)
{
    Plugged card;
    ASSERT_EQ(configure(card.id), 0);
    EXPECT_LT(load(card.id, qaic::Bytes(1), &model), 0);
    EXPECT_LT(load(card.id, qaic::Bytes(5000, std::byte{7}), &model), 0);
    auto cut = echo(64);
    cut.resize(cut.size() / 2);
    EXPECT_LT(load(card.id, cut, &model), 0);
    rte_ml_model_params none{};
    EXPECT_LT(rte_ml_model_load(card.id, &none, &model), 0);
    EXPECT_EQ(rte_ml_model_load(card.id, nullptr, &model), -EINVAL);
    EXPECT_EQ(load(card.id, echo(64), &model), 0) << "and a good one still loads";
}

TEST_F(Models, ErrorsExplainThemselves)
{
    Plugged card;
    run(card.id, echo(64), &model);
    Op short_input(model, 63, 64), no_model(77, 64, 64), fine(model, 64, 64);
    rte_ml_op_error error{};
    ASSERT_EQ(infer(card.id, short_input), RTE_ML_OP_STATUS_ERROR);
    ASSERT_EQ(rte_ml_op_error_get(card.id, &short_input.op, &error), 0);
    EXPECT_EQ(error.errcode, static_cast<std::uint64_t>(qaic::Code::E_INVAL));
    EXPECT_EQ(std::string(error.message).find("ml_qaic_emu0 E_INVAL: "), 0u) << error.message;
    ASSERT_EQ(infer(card.id, no_model), RTE_ML_OP_STATUS_ERROR);
    ASSERT_EQ(rte_ml_op_error_get(card.id, &no_model.op, &error), 0);
    ASSERT_EQ(infer(card.id, fine), RTE_ML_OP_STATUS_SUCCESS);
    EXPECT_LT(rte_ml_op_error_get(card.id, &fine.op, &error), 0) << "it did not fail";
    // Model stopped and unloaded: the explanation does not need it.
    ASSERT_EQ(rte_ml_model_stop(card.id, model), 0);
    ASSERT_EQ(rte_ml_model_unload(card.id, model), 0);
    EXPECT_EQ(rte_ml_op_error_get(card.id, &short_input.op, &error), 0);
}

TEST_F(Models, HousekeepingEndsAnOperationThatNeverEnds)
{
    Plugged card("ml_qaic_emu0", "op_timeout_ms=50,housekeeping_ms=5");
    ASSERT_EQ(card.result, 0);
    run(card.id, builtin(aic100::NspBuiltin::WAIT, 64, 3'600'000'000'000), &model); // an hour
    std::uint16_t second = 0;
    ASSERT_EQ(load(card.id, echo(64), &second), 0);
    ASSERT_EQ(rte_ml_model_start(card.id, second), 0);
    Op endless(model, 64, 64);
    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(infer(card.id, endless), RTE_ML_OP_STATUS_ERROR);
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(10));
    rte_ml_op_error error{};
    ASSERT_EQ(rte_ml_op_error_get(card.id, &endless.op, &error), 0);
    EXPECT_EQ(error.errcode, static_cast<std::uint64_t>(qaic::Code::E_TIMEOUT)) << error.message;
    EXPECT_NE(std::string(error.message).find("dbc="), std::string::npos);
    Op other(second, 64, 64);
    EXPECT_EQ(infer(card.id, other), RTE_ML_OP_STATUS_SUCCESS) << "another DBC is not touched";
    std::uint64_t faults = 0;
    EXPECT_EQ(rte_ml_dev_xstats_by_name_get(card.id, "dbc_faults", nullptr, &faults), 0);
    EXPECT_EQ(faults, 1u);
}

TEST_F(Models, QuantizeAndDequantizeFollowTheModel)
{
    Plugged card;
    ASSERT_EQ(configure(card.id), 0);
    ASSERT_EQ(load(card.id, builtin(aic100::NspBuiltin::ECHO, 8, 0, qpc::DataType::FLOAT16), &model), 0);
    rte_ml_model_info info{};
    ASSERT_EQ(rte_ml_model_info_get(card.id, model, &info), 0);
    EXPECT_EQ(info.model_id, model);
    EXPECT_EQ(info.device_id, card.id);
    ASSERT_EQ(info.input_info[0].type, RTE_ML_IO_TYPE_FP16);
    Op op(model, 16, 8), back(model, 16, 16);
    const float values[] = {1.0f, -2.5f, 0.0f, 65504.0f};
    std::memcpy(op.in(), values, sizeof values);
    ASSERT_EQ(rte_ml_io_quantize(card.id, model, op.op.input, op.op.output), 0);
    ASSERT_EQ(rte_ml_io_dequantize(card.id, model, op.op.output, back.op.output), 0);
    EXPECT_EQ(std::memcmp(back.out(), values, sizeof values), 0);
    op.op.output[0]->length = 7;
    EXPECT_EQ(rte_ml_io_quantize(card.id, model, op.op.input, op.op.output), -EINVAL);
    EXPECT_EQ(rte_ml_io_quantize(card.id, model, nullptr, op.op.output), -EINVAL);
}

TEST_F(Models, StopHandsEverythingToTheCallback)
{
    static std::vector<rte_ml_op*> flushed;
    static std::int16_t flushed_dev;
    flushed.clear(), flushed_dev = -1;
    Plugged card("ml_qaic_emu0", "op_timeout_ms=100");
    ASSERT_EQ(configure(card.id), 0);
    ASSERT_EQ(queue(card.id, 0, 8,
                    [](std::int16_t dev, std::uint16_t, rte_ml_op* op) {
                        flushed_dev = dev;
                        flushed.push_back(op);
                    }),
              0);
    ASSERT_EQ(rte_ml_dev_start(card.id), 0);
    ASSERT_EQ(load(card.id, builtin(aic100::NspBuiltin::WAIT, 64, 3'600'000'000'000), &model), 0);
    ASSERT_EQ(rte_ml_model_start(card.id, model), 0);
    Op a(model, 64, 64), b(model, 64, 64);
    rte_ml_op* burst[] = {&a.op, &b.op};
    ASSERT_EQ(rte_ml_enqueue_burst(card.id, 0, burst, 2), 2);
    EXPECT_EQ(rte_ml_model_stop(card.id, model), -EBUSY);
    ASSERT_EQ(rte_ml_dev_stop(card.id), 0);
    ASSERT_EQ(flushed.size(), 2u);
    EXPECT_NE(flushed[0], flushed[1]);
    EXPECT_EQ(flushed_dev, card.id);
    EXPECT_EQ(a.op.status, RTE_ML_OP_STATUS_ERROR);
    EXPECT_EQ(b.op.status, RTE_ML_OP_STATUS_ERROR);
    EXPECT_EQ(rte_ml_dev_close(card.id), 0);
}

} // namespace
} // namespace test
