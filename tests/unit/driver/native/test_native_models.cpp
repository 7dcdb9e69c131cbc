// SPDX-License-Identifier: BSD-3-Clause
// Activations of a model: how many, where, and in which state of power.
#include "native_fixture.hpp"

namespace test {
namespace {

using NativeModels = NativeTest;

TEST_F(NativeModels, InfoFollowsTheModel)
{
    ASSERT_EQ(configure(id()), 0);
    ASSERT_EQ(queue(id()), 0);
    ASSERT_EQ(rte_ml_dev_start(id()), 0);
    std::uint16_t model = 0;
    ASSERT_EQ(load(id(), echo(4096), &model), 0);
    auto m = info(model);
    EXPECT_EQ(m.started, 0);
    EXPECT_EQ(m.activations, 0);
    EXPECT_EQ(m.batches, 1);
    EXPECT_EQ(m.nsps, 1);
    EXPECT_EQ(m.input_bytes, 4096u);
    ASSERT_EQ(rte_ml_model_start(id(), model), 0);
    Op op(model, 4096, 4096);
    ASSERT_EQ(infer(id(), op), RTE_ML_OP_STATUS_SUCCESS);
    m = info(model);
    EXPECT_EQ(m.started, 1);
    EXPECT_EQ(m.activations, 1);
    EXPECT_LT(m.dbc[0], RTE_PMD_QAIC_DBCS);
    EXPECT_EQ(m.usable[0], 1);
    EXPECT_EQ(m.submitted, 1u);
    EXPECT_EQ(m.finished, 1u);
    EXPECT_EQ(m.in_flight, 0u);
    ASSERT_EQ(rte_ml_model_stop(id(), model), 0);
    EXPECT_EQ(info(model).started, 0);
    ASSERT_EQ(rte_ml_model_unload(id(), model), 0);
    m.size = sizeof m;
    EXPECT_EQ(rte_pmd_qaic_model_info_get(id(), model, &m), -EINVAL);
    EXPECT_EQ(rte_pmd_qaic_model_info_get(id(), 9999, &m), -EINVAL);
}

TEST_F(NativeModels, InstancesTakeChannelsOfTheirOwn)
{
    ASSERT_EQ(configure(id(), 2), 0);
    ASSERT_EQ(queue(id(), 0), 0);
    ASSERT_EQ(queue(id(), 1), 0);
    ASSERT_EQ(rte_ml_dev_start(id()), 0);
    std::uint16_t model = 0;
    ASSERT_EQ(load(id(), echo(64), &model), 0);
    EXPECT_EQ(rte_pmd_qaic_model_instances_set(id(), model, 17), -EINVAL);
    EXPECT_EQ(rte_pmd_qaic_model_instances_set(id(), 99, 2), -EINVAL);
    ASSERT_EQ(rte_pmd_qaic_model_instances_set(id(), model, 2), 0);
    ASSERT_EQ(rte_ml_model_start(id(), model), 0);
    const auto m = info(model);
    ASSERT_EQ(m.activations, 2);
    EXPECT_NE(m.dbc[0], m.dbc[1]);
    EXPECT_EQ(health().dbcs_in_use, 1u << m.dbc[0] | 1u << m.dbc[1]);
    EXPECT_EQ(rte_pmd_qaic_model_instances_set(id(), model, 1), -EBUSY);
    for (std::uint16_t qp = 0; qp < 2; ++qp) {
        Op op(model, 64, 64);
        std::memset(op.in(), qp + 1, 64);
        EXPECT_EQ(infer(id(), op, qp), RTE_ML_OP_STATUS_SUCCESS);
        EXPECT_EQ(op.out()[0], qp + 1);
    }
}

TEST_F(NativeModels, SpreadIsTheApplications)
{
    ASSERT_EQ(configure(id(), 3), 0);
    for (std::uint16_t qp = 0; qp < 3; ++qp) ASSERT_EQ(queue(id(), qp), 0);
    ASSERT_EQ(rte_ml_dev_start(id()), 0);
    std::uint16_t model = 0;
    ASSERT_EQ(load(id(), echo(64), &model), 0);
    const std::uint8_t map[] = {0, 0, 1}, gap[] = {0, 0, 2};
    EXPECT_EQ(rte_pmd_qaic_model_spread_set(id(), model, nullptr, 3), -EINVAL);
    EXPECT_EQ(rte_pmd_qaic_model_spread_set(id(), 99, map, 3), -EINVAL);
    ASSERT_EQ(rte_pmd_qaic_model_spread_set(id(), model, gap, 3), 0);
    EXPECT_EQ(rte_ml_model_start(id(), model), -EINVAL) << "nobody feeds activation 1";
    ASSERT_EQ(rte_pmd_qaic_model_spread_set(id(), model, map, 3), 0);
    ASSERT_EQ(rte_ml_model_start(id(), model), 0);
    const auto m = info(model);
    ASSERT_EQ(m.activations, 2);
    EXPECT_EQ(m.power[0], RTE_PMD_QAIC_MODEL_READY);
    EXPECT_EQ(rte_pmd_qaic_model_spread_set(id(), model, map, 3), -EBUSY);
    for (std::uint16_t qp = 0; qp < 3; ++qp) {
        Op op(model, 64, 64);
        EXPECT_EQ(infer(id(), op, qp), RTE_ML_OP_STATUS_SUCCESS);
    }
    ASSERT_EQ(rte_pmd_qaic_model_power_set(id(), model, RTE_PMD_QAIC_MODEL_LOW_POWER), 0);
    EXPECT_EQ(info(model).power[1], RTE_PMD_QAIC_MODEL_LOW_POWER);
}

TEST_F(NativeModels, StandbyAndBack)
{
    std::uint16_t model = 0;
    run(id(), echo(64), &model);
    Op op(model, 64, 64);
    for (const int power : {RTE_PMD_QAIC_MODEL_STANDBY, RTE_PMD_QAIC_MODEL_LOW_POWER}) {
        ASSERT_EQ(rte_pmd_qaic_model_power_set(id(), model, power), 0);
        // What is enqueued now waits for the card, and for that reason is in flight.
        rte_ml_op* p = &op.op;
        ASSERT_EQ(rte_ml_enqueue_burst(id(), 0, &p, 1), 1);
        EXPECT_EQ(rte_pmd_qaic_model_power_set(id(), model, RTE_PMD_QAIC_MODEL_READY), -EBUSY);
        EXPECT_EQ(info(model).in_flight, 1u);
        EXPECT_EQ(dequeue(id(), 1).size(), 1u); // by its deadline, and a new activation that is READY
        EXPECT_EQ(op.op.status, RTE_ML_OP_STATUS_ERROR);
        ASSERT_TRUE(waited([&] { return health().dbcs_in_use != 0 && health().dbcs_out_of_use == 0; }));
        EXPECT_EQ(infer(id(), op), RTE_ML_OP_STATUS_SUCCESS);
    }
    ASSERT_EQ(rte_pmd_qaic_model_power_set(id(), model, RTE_PMD_QAIC_MODEL_STANDBY), 0);
    ASSERT_EQ(rte_pmd_qaic_model_power_set(id(), model, RTE_PMD_QAIC_MODEL_READY), 0);
    EXPECT_EQ(infer(id(), op), RTE_ML_OP_STATUS_SUCCESS);
    EXPECT_EQ(rte_pmd_qaic_model_power_set(id(), model, 3), -EINVAL);
    EXPECT_EQ(rte_pmd_qaic_model_power_set(id(), model, -1), -EINVAL);
    ASSERT_EQ(rte_ml_model_stop(id(), model), 0);
    EXPECT_EQ(rte_pmd_qaic_model_power_set(id(), model, RTE_PMD_QAIC_MODEL_STANDBY), -EINVAL);
}

} // namespace
} // namespace test
