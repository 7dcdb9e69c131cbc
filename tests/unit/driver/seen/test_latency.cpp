// SPDX-License-Identifier: BSD-3-Clause
// Latency sampling: by request, and gone without a trace afterwards.
#include "../mldev/fixture.hpp"
#include "telemetry_client.hpp"

namespace test {
namespace {

class Latency : public MlTest {
  protected:
    TelemetryClient client;
    static rte_ml_dev* device(std::int16_t id) { return rte_ml_dev_pmd_get_dev(id); }
};

TEST_F(Latency, OffMeansThePlainFunctions)
{
    Plugged card;
    const auto ask = "/qaic/latency," + std::to_string(card.id);
    std::uint16_t model = 0;
    run(card.id, echo(64), &model);
    const auto enqueue = device(card.id)->enqueue_burst;
    const auto dequeue = device(card.id)->dequeue_burst;
    EXPECT_EQ(client.ask(ask).value("sampling", ""), "off");
    EXPECT_EQ(device(card.id)->enqueue_burst, enqueue) << "a look switches nothing on";
    EXPECT_EQ(client.ask(ask + ",sample=on").value("sampling", ""), "on");
    EXPECT_NE(device(card.id)->enqueue_burst, enqueue);
    EXPECT_NE(device(card.id)->dequeue_burst, dequeue);
    EXPECT_EQ(client.ask(ask + ",sample=off").value("sampling", ""), "off");
    EXPECT_EQ(device(card.id)->enqueue_burst, enqueue);
    EXPECT_EQ(device(card.id)->dequeue_burst, dequeue);
}

TEST_F(Latency, CountsWhatWasSubmittedWhileOn)
{
    Plugged card;
    const auto ask = "/qaic/latency," + std::to_string(card.id);
    std::uint16_t model = 0;
    run(card.id, echo(64), &model);
    Op before(model, 64, 64), op(model, 64, 64), bad(99, 64, 64);
    rte_ml_op* p = &before.op;
    before.op.impl_opaque = ~std::uint64_t{0}; // whatever stands there is no time
    ASSERT_EQ(rte_ml_enqueue_burst(card.id, 0, &p, 1), 1);
    (void)client.ask(ask + ",sample=on");
    ASSERT_EQ(dequeue(card.id, 1).size(), 1u);
    for (int i = 0; i < 100; ++i) ASSERT_EQ(infer(card.id, op), RTE_ML_OP_STATUS_SUCCESS);
    ASSERT_EQ(infer(card.id, bad), RTE_ML_OP_STATUS_ERROR);
    rte_ml_op_error error{};
    EXPECT_EQ(rte_ml_op_error_get(card.id, &bad.op, &error), 0);
    EXPECT_NE(std::string(error.message).find("no started model"), std::string::npos)
        << "sampling must not overwrite the reason: " << error.message;

    auto qp = client.ask(ask).at("qp0");
    EXPECT_EQ(qp.value("samples", 0), 100);
    EXPECT_GT(qp.value("p50", 0), 0);
    EXPECT_LE(qp.value("p50", 0), qp.value("p90", 0));
    EXPECT_LE(qp.value("p90", 0), qp.value("p99", 0));
    EXPECT_LE(qp.value("p99", 0), qp.value("p99_9", 0));
    EXPECT_LE(qp.value("p99_9", 0), qp.value("max", 0));
    EXPECT_GT(qp.value("mean", 0), 0);

    (void)client.ask(ask + ",sample=off");
    ASSERT_EQ(infer(card.id, op), RTE_ML_OP_STATUS_SUCCESS);
    EXPECT_EQ(client.ask(ask).at("qp0").value("samples", 0), 100) << "what was measured stays readable";
    (void)client.ask(ask + ",sample=on");
    EXPECT_EQ(client.ask(ask).at("qp0").value("samples", -1), 0) << "on starts afresh";
}

TEST_F(Latency, SurvivesReconfigureAndClose)
{
    Plugged card;
    const auto ask = "/qaic/latency," + std::to_string(card.id);
    (void)client.ask(ask + ",sample=on"); // before there are queues
    std::uint16_t model = 0;
    run(card.id, echo(64), &model);
    Op op(model, 64, 64);
    ASSERT_EQ(infer(card.id, op), RTE_ML_OP_STATUS_SUCCESS);
    EXPECT_EQ(client.ask(ask).at("qp0").value("samples", 0), 1);
    ASSERT_EQ(rte_ml_model_stop(card.id, model), 0);
    ASSERT_EQ(rte_ml_dev_stop(card.id), 0);
    ASSERT_EQ(configure(card.id), 0);
    ASSERT_EQ(queue(card.id), 0);
    ASSERT_EQ(rte_ml_dev_close(card.id), 0);
    (void)client.ask(ask + ",sample=on");
    rte_ml_op* p = &op.op;
    EXPECT_EQ(rte_ml_enqueue_burst(card.id, 0, &p, 1), 0) << "a closed device takes nothing, sampled or not";
    EXPECT_EQ(rte_ml_dequeue_burst(card.id, 0, &p, 1), 0);
}

} // namespace
} // namespace test
