// SPDX-License-Identifier: BSD-3-Clause
// Extended statistics of queue pairs and of failed operations.
#include "../mldev/fixture.hpp"
#include "qaic/ml_device.hpp"
#include <map>
#include <set>

namespace test {
namespace {

class Xstats : public MlTest {
  protected:
    static std::map<std::string, std::uint16_t> ids(std::int16_t id, rte_ml_dev_xstats_mode mode,
                                                    std::int32_t model = -1)
    {
        const int n = rte_ml_dev_xstats_names_get(id, mode, model, nullptr, 0);
        EXPECT_GT(n, 0);
        std::vector<rte_ml_dev_xstats_map> rows(static_cast<std::size_t>(std::max(n, 0)));
        EXPECT_EQ(rte_ml_dev_xstats_names_get(id, mode, model, rows.data(), static_cast<std::uint32_t>(n)),
                  n);
        std::map<std::string, std::uint16_t> out;
        for (const auto& r : rows) out[r.name] = r.id;
        EXPECT_EQ(out.size(), rows.size()) << "a name twice";
        return out;
    }
    static std::uint64_t value(std::int16_t id, const std::string& name)
    {
        std::uint64_t v = ~std::uint64_t{0};
        EXPECT_EQ(rte_ml_dev_xstats_by_name_get(id, name.c_str(), nullptr, &v), 0) << name;
        return v;
    }
};

TEST_F(Xstats, OnlyQueuePairsThatAreSetUpHaveRows)
{
    Plugged card;
    ASSERT_EQ(configure(card.id, 3), 0);
    const auto none = ids(card.id, RTE_ML_DEV_XSTATS_DEVICE);
    ASSERT_EQ(queue(card.id, 2), 0);
    const auto one = ids(card.id, RTE_ML_DEV_XSTATS_DEVICE);
    EXPECT_EQ(one.size(), none.size() + 7);
    for (const char* row : {"enqueued", "dequeued", "rejected", "failed", "full", "canceled", "in_flight"}) {
        EXPECT_TRUE(one.contains(std::string("qp2_") + row)) << row;
        EXPECT_FALSE(one.contains(std::string("qp0_") + row)) << row;
    }
    std::uint64_t v = 0;
    EXPECT_EQ(rte_ml_dev_xstats_by_name_get(card.id, "qp0_full", nullptr, &v), -EINVAL);
    ASSERT_EQ(queue(card.id, 0), 0);
    const auto two = ids(card.id, RTE_ML_DEV_XSTATS_DEVICE);
    for (const auto& [name, id] : one) EXPECT_EQ(two.at(name), id) << name << ": an id changed";
    std::set<std::uint16_t> all;
    for (const auto& [name, id] : two) EXPECT_TRUE(all.insert(id).second) << name << ": an id twice";
    const std::uint16_t gone = two.at("qp0_full");
    ASSERT_EQ(rte_ml_dev_xstats_get(card.id, RTE_ML_DEV_XSTATS_DEVICE, -1, &gone, &v, 1), 1);
    ASSERT_EQ(configure(card.id, 3), 0);
    EXPECT_EQ(rte_ml_dev_xstats_get(card.id, RTE_ML_DEV_XSTATS_DEVICE, -1, &gone, &v, 1), -EINVAL)
        << "the queue pair is gone";
}

TEST_F(Xstats, QueuePairsCountForThemselves)
{
    Plugged card;
    std::uint16_t model = 0;
    run(card.id, echo(64), &model, 2);
    Op op(model, 64, 64), bad(99, 64, 64);
    for (int i = 0; i < 7; ++i) ASSERT_EQ(infer(card.id, op, 1), RTE_ML_OP_STATUS_SUCCESS);
    ASSERT_EQ(infer(card.id, bad, 0), RTE_ML_OP_STATUS_ERROR);
    EXPECT_EQ(value(card.id, "qp0_enqueued"), 1u);
    EXPECT_EQ(value(card.id, "qp0_rejected"), 1u);
    EXPECT_EQ(value(card.id, "qp0_failed"), 1u);
    EXPECT_EQ(value(card.id, "qp1_enqueued"), 7u);
    EXPECT_EQ(value(card.id, "qp1_dequeued"), 7u);
    EXPECT_EQ(value(card.id, "qp1_failed"), 0u);

    rte_ml_op* p = &op.op;
    ASSERT_EQ(rte_ml_enqueue_burst(card.id, 1, &p, 1), 1);
    EXPECT_EQ(value(card.id, "qp1_in_flight"), 1u) << "it is in flight until it is dequeued";
    ASSERT_EQ(dequeue(card.id, 1, 1).size(), 1u);
    EXPECT_EQ(value(card.id, "qp1_in_flight"), 0u);

    const std::uint16_t id = ids(card.id, RTE_ML_DEV_XSTATS_DEVICE).at("qp1_enqueued");
    ASSERT_EQ(rte_ml_dev_xstats_reset(card.id, RTE_ML_DEV_XSTATS_DEVICE, -1, &id, 1), 0);
    EXPECT_EQ(value(card.id, "qp1_enqueued"), 0u);
    EXPECT_EQ(value(card.id, "qp1_dequeued"), 8u) << "only what was named is reset";
}

TEST_F(Xstats, FullIsCounted)
{
    Plugged card;
    std::uint16_t model = 0;
    ASSERT_EQ(configure(card.id), 0);
    ASSERT_EQ(queue(card.id, 0, 1), 0);
    ASSERT_EQ(rte_ml_dev_start(card.id), 0);
    ASSERT_EQ(load(card.id, echo(64), &model), 0);
    ASSERT_EQ(rte_ml_model_start(card.id, model), 0);
    Op a(model, 64, 64), b(model, 64, 64);
    rte_ml_op* two[] = {&a.op, &b.op};
    EXPECT_EQ(rte_ml_enqueue_burst(card.id, 0, two, 2), 1);
    EXPECT_EQ(value(card.id, "qp0_full"), 1u);
    EXPECT_EQ(dequeue(card.id, 1).size(), 1u);
}

TEST_F(Xstats, FailedOperationsCountForTheirModel)
{
    // Lanes count them since they have the counter; without it there is no row that says 0.
    constexpr bool counted = qaic::counts_errors<qaic::dbc::Lane>;
    Plugged card("ml_qaic_emu0", "op_timeout_ms=50");
    std::uint16_t model = 0;
    run(card.id, builtin(aic100::NspBuiltin::WAIT, 64, 10'000'000'000), &model); // 10 s
    EXPECT_EQ(ids(card.id, RTE_ML_DEV_XSTATS_MODEL, model).contains("model0_errors"), counted);
    Op op(model, 64, 64);
    ASSERT_EQ(infer(card.id, op), RTE_ML_OP_STATUS_ERROR) << "it passed its deadline";
    EXPECT_EQ(value(card.id, "qp0_failed"), 1u);
    EXPECT_EQ(value(card.id, "model0_faults"), 1u);
    if (counted) {
        EXPECT_EQ(value(card.id, "model0_errors"), 1u);
    }
    EXPECT_EQ(value(card.id, "dbc_quarantines"), 1u);
    for (const char* name : {"card_losses", "card_recoveries", "ras_resets", "ras_uncorrectable_nonfatal",
                             "crash_dumps", "crash_dumps_lost"})
        EXPECT_EQ(value(card.id, name), 0u) << name;
}

} // namespace
} // namespace test
