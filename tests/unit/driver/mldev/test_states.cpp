// SPDX-License-Identifier: BSD-3-Clause
// Every operation of the API in every state where it does not belong (dpdk-driver-guide.md 3.2, 3.3).
#include "fixture.hpp"

namespace test {
namespace {

class States : public MlTest {
  protected:
    States() { EXPECT_EQ(card.result, 0); }
    Plugged card;
    const std::int16_t id = card.id;

    /// Calls on models that are wrong whenever there is no model.
    void expect_no_model()
    {
        rte_ml_model_info info;
        for (const int m : {0, 1, 63, 64, 65535}) {
            const auto model = static_cast<std::uint16_t>(m);
            EXPECT_LT(rte_ml_model_start(id, model), 0);
            EXPECT_LT(rte_ml_model_stop(id, model), 0);
            EXPECT_LT(rte_ml_model_unload(id, model), 0);
            EXPECT_LT(rte_ml_model_info_get(id, model, &info), 0);
            EXPECT_LT(rte_ml_model_params_update(id, model, &info), 0);
            Op op(model, 64, 64);
            EXPECT_LT(rte_ml_io_quantize(id, model, op.op.input, op.op.output), 0);
            EXPECT_LT(rte_ml_io_dequantize(id, model, op.op.input, op.op.output), 0);
            EXPECT_EQ(rte_ml_dev_xstats_names_get(id, RTE_ML_DEV_XSTATS_MODEL, m, nullptr, 0), -EINVAL);
        }
    }
};

TEST_F(States, InformationIsThereFromTheStart)
{
    rte_ml_dev_info info{};
    ASSERT_EQ(rte_ml_dev_info_get(id, &info), 0);
    EXPECT_STREQ(info.driver_name, "ml_qaic_emu");
    EXPECT_EQ(info.max_models, 64);
    EXPECT_EQ(info.max_queue_pairs, 16);
    EXPECT_EQ(info.max_desc, 4096);
    EXPECT_GE(info.max_io, 32);
    EXPECT_EQ(info.max_segments, 8);
    EXPECT_LE(info.align_size, 64);
    EXPECT_EQ(rte_ml_dev_info_get(id, nullptr), -EINVAL);
}

TEST_F(States, BeforeConfigureNothingRuns)
{
    EXPECT_LT(rte_ml_dev_start(id), 0);
    EXPECT_LT(queue(id), 0);
    std::uint16_t model = 0;
    EXPECT_LT(load(id, echo(64), &model), 0);
    expect_no_model();
    rte_ml_dev_stats stats;
    EXPECT_EQ(rte_ml_dev_stats_get(id, &stats), 0);
    Op op(0, 64, 64);
    rte_ml_op* p = &op.op;
    EXPECT_EQ(rte_ml_enqueue_burst(id, 0, &p, 1), 0);
    EXPECT_EQ(rte_ml_dequeue_burst(id, 0, &p, 1), 0);
}

TEST_F(States, ConfigureChecksItsCounts)
{
    EXPECT_EQ(configure(id, 0, 1), -EINVAL);
    EXPECT_LT(configure(id, 17, 1), 0);
    EXPECT_EQ(configure(id, 1, 0), -EINVAL);
    EXPECT_EQ(configure(id, 1, 65), -EINVAL);
    EXPECT_EQ(configure(id, 16, 64), 0);
    EXPECT_EQ(queue(id, 0, 0), -EINVAL);
    EXPECT_EQ(queue(id, 0, 4097), -EINVAL);
    EXPECT_EQ(queue(id, 16, 1), -EINVAL);
    EXPECT_EQ(queue(id, 0, 1), 0);
    EXPECT_EQ(queue(id, 0, 4096), 0) << "replaced";
    expect_no_model();
}

TEST_F(States, ReconfigureAsDeviceOpsDoes)
{
    for (int round = 0; round < 3; ++round) {
        ASSERT_EQ(configure(id, 1, 1), 0);
        ASSERT_EQ(queue(id, 0, 1), 0);
        ASSERT_EQ(rte_ml_dev_start(id), 0);
        EXPECT_EQ(configure(id, 1, 1), -EBUSY);
        EXPECT_EQ(queue(id, 0, 1), -EBUSY);
        EXPECT_EQ(rte_ml_dev_close(id), -EBUSY);
        EXPECT_EQ(rte_ml_dev_selftest(id), -EBUSY);
        ASSERT_EQ(rte_ml_dev_stop(id), 0);
        ASSERT_EQ(configure(id, 16, 64), 0);
        for (std::uint16_t q = 0; q < 16; ++q) ASSERT_EQ(queue(id, q, 4096), 0);
        ASSERT_EQ(rte_ml_dev_start(id), 0);
        ASSERT_EQ(rte_ml_dev_stop(id), 0);
    }
}

TEST_F(States, ReconfigureDropsModels)
{
    std::uint16_t model = 9;
    run(id, echo(64), &model);
    EXPECT_EQ(model, 0);
    ASSERT_EQ(rte_ml_dev_stop(id), 0);
    ASSERT_EQ(configure(id, 1, 2), 0);
    expect_no_model();
    ASSERT_EQ(load(id, echo(64), &model), 0) << "in configured, not only in started";
    EXPECT_LT(rte_ml_model_start(id, model), 0) << "device is stopped";
    EXPECT_EQ(rte_ml_model_unload(id, model), 0);
}

TEST_F(States, StartWorksWithoutQueuePairsSetUp)
{
    ASSERT_EQ(configure(id, 2, 1), 0);
    ASSERT_EQ(rte_ml_dev_start(id), 0);
    std::uint16_t model = 0;
    ASSERT_EQ(load(id, echo(64), &model), 0);
    EXPECT_EQ(rte_ml_model_start(id, model), 0);
    Op op(model, 64, 64);
    rte_ml_op* p = &op.op;
    EXPECT_EQ(rte_ml_enqueue_burst(id, 1, &p, 1), 0);
    EXPECT_EQ(rte_ml_dequeue_burst(id, 1, &p, 1), 0);
    EXPECT_EQ(rte_ml_model_stop(id, model), 0);
    EXPECT_EQ(rte_ml_dev_stop(id), 0);
}

TEST_F(States, ModelStates)
{
    std::uint16_t model = 0;
    run(id, echo(64), &model);
    EXPECT_LT(rte_ml_model_start(id, model), 0);
    EXPECT_EQ(rte_ml_model_unload(id, model), -EBUSY);
    EXPECT_EQ(rte_ml_model_params_update(id, model, &model), -ENOTSUP);
    EXPECT_EQ(rte_ml_model_stop(id, model), 0);
    EXPECT_LT(rte_ml_model_stop(id, model), 0);
    EXPECT_EQ(rte_ml_model_unload(id, model), 0);
    expect_no_model();
}

TEST_F(States, CloseIsFinal)
{
    std::uint16_t model = 0;
    run(id, echo(64), &model);
    ASSERT_EQ(rte_ml_dev_stop(id), 0);
    ASSERT_EQ(rte_ml_dev_close(id), 0);
    EXPECT_EQ(rte_ml_dev_close(id), -ENOTSUP);
    EXPECT_EQ(configure(id), -ENOTSUP);
    EXPECT_LT(queue(id), 0);
    EXPECT_EQ(rte_ml_dev_start(id), -ENOTSUP);
    EXPECT_EQ(rte_ml_dev_selftest(id), -ENOTSUP);
    EXPECT_LT(load(id, echo(64), &model), 0);
    expect_no_model();
    rte_ml_dev_stats stats;
    EXPECT_EQ(rte_ml_dev_stats_get(id, &stats), 0);
    Op op(0, 64, 64);
    rte_ml_op* p = &op.op;
    EXPECT_EQ(rte_ml_enqueue_burst(id, 0, &p, 1), 0);
    EXPECT_EQ(rte_ml_dequeue_burst(id, 0, &p, 1), 0);
    EXPECT_EQ(card.unplug(), 0);
}

TEST_F(States, SelfTestAndDump)
{
    EXPECT_EQ(rte_ml_dev_selftest(id), 0);
    std::uint16_t model = 0;
    run(id, echo(64), &model);
    char* text = nullptr;
    std::size_t size = 0;
    FILE* f = open_memstream(&text, &size);
    EXPECT_EQ(rte_ml_dev_dump(id, f), 0);
    std::fclose(f);
    const std::string dump(text, size);
    std::free(text);
    for (const char* word : {"ONLINE", "started", "model 0 'net'", "DBC", "queue pair 0", "boot"})
        EXPECT_NE(dump.find(word), std::string::npos) << word << "\n" << dump;
    EXPECT_EQ(rte_ml_dev_dump(id, nullptr), -EINVAL);
}

} // namespace
} // namespace test
