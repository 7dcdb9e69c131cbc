// SPDX-License-Identifier: BSD-3-Clause
// stats and xstats: names, ids, sums, resets.
#include "fixture.hpp"
#include <set>

namespace test {
namespace {

class Statistics : public MlTest {
  protected:
    static std::vector<rte_ml_dev_xstats_map> names(std::int16_t id, rte_ml_dev_xstats_mode mode,
                                                    std::int32_t model)
    {
        const int n = rte_ml_dev_xstats_names_get(id, mode, model, nullptr, 0);
        EXPECT_GT(n, 0);
        std::vector<rte_ml_dev_xstats_map> out(static_cast<std::size_t>(std::max(n, 0)));
        if (n > 1) {
            EXPECT_EQ(rte_ml_dev_xstats_names_get(id, mode, model, out.data(), 1), n) << "too small";
        }
        EXPECT_EQ(rte_ml_dev_xstats_names_get(id, mode, model, out.data(), static_cast<std::uint32_t>(n)), n);
        return out;
    }
    static std::uint64_t value(std::int16_t id, const char* name)
    {
        std::uint64_t v = ~std::uint64_t{0};
        EXPECT_EQ(rte_ml_dev_xstats_by_name_get(id, name, nullptr, &v), 0) << name;
        return v;
    }
};

TEST_F(Statistics, BootStagesHaveTimes)
{
    Plugged card;
    EXPECT_GT(value(card.id, "boot_total_us"), 0u);
    EXPECT_GT(value(card.id, "boot_pbl_us") + value(card.id, "boot_sbl_us") +
                  value(card.id, "boot_sahara_us") + value(card.id, "boot_amss_us"),
              0u);
    EXPECT_GT(value(card.id, "mhi_events"), 0u);
    EXPECT_GE(value(card.id, "nnc_requests"), 2u);
    for (const char* guard : {"guard_m_tre", "guard_n_hdr", "guard_n_crc", "guard_n_seq", "guard_r_msg"})
        EXPECT_EQ(value(card.id, guard), 0u) << guard;
}

TEST_F(Statistics, IdsAreUniqueOverBothModes)
{
    Plugged card;
    std::uint16_t a = 0, b = 0;
    run(card.id, echo(64), &a);
    ASSERT_EQ(load(card.id, echo(64), &b), 0);
    std::set<std::uint16_t> ids;
    std::set<std::string> seen;
    std::size_t total = 0;
    for (const auto& list :
         {names(card.id, RTE_ML_DEV_XSTATS_DEVICE, -1), names(card.id, RTE_ML_DEV_XSTATS_MODEL, a),
          names(card.id, RTE_ML_DEV_XSTATS_MODEL, b)}) {
        for (const auto& m : list) ids.insert(m.id), seen.insert(m.name);
        total += list.size();
    }
    EXPECT_EQ(ids.size(), total);
    EXPECT_EQ(seen.size(), total);
    EXPECT_EQ(rte_ml_dev_xstats_names_get(card.id, static_cast<rte_ml_dev_xstats_mode>(9), 0, nullptr, 0),
              -EINVAL);
    EXPECT_EQ(rte_ml_dev_xstats_names_get(card.id, RTE_ML_DEV_XSTATS_MODEL, 3, nullptr, 0), -EINVAL);
}

TEST_F(Statistics, CountsBalanceAndReset)
{
    Plugged card;
    std::uint16_t model = 0;
    run(card.id, echo(64), &model);
    Op op(model, 64, 64), bad(99, 64, 64);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(infer(card.id, op), RTE_ML_OP_STATUS_SUCCESS);
    EXPECT_EQ(infer(card.id, bad), RTE_ML_OP_STATUS_ERROR);
    rte_ml_dev_stats s;
    ASSERT_EQ(rte_ml_dev_stats_get(card.id, &s), 0);
    EXPECT_EQ(s.enqueued_count, 11u);
    EXPECT_EQ(s.dequeued_count, 11u);
    EXPECT_EQ(s.enqueue_err_count, 1u);
    EXPECT_EQ(s.dequeue_err_count, 1u);
    rte_ml_dev_stats_reset(card.id);
    EXPECT_EQ(infer(card.id, op), RTE_ML_OP_STATUS_SUCCESS);
    ASSERT_EQ(rte_ml_dev_stats_get(card.id, &s), 0);
    EXPECT_EQ(s.enqueued_count, 1u);
    EXPECT_EQ(s.dequeue_err_count, 0u);

    EXPECT_EQ(value(card.id, "model0_inferences"), 11u);
    EXPECT_EQ(value(card.id, "ops_dequeued"), 12u) << "xstats have bases of their own";
    ASSERT_EQ(rte_ml_dev_xstats_reset(card.id, RTE_ML_DEV_XSTATS_MODEL, -1, nullptr, 0), 0);
    EXPECT_EQ(value(card.id, "model0_inferences"), 0u);
    EXPECT_EQ(value(card.id, "ops_dequeued"), 12u);
    ASSERT_EQ(rte_ml_dev_xstats_reset(card.id, RTE_ML_DEV_XSTATS_DEVICE, -1, nullptr, 0), 0);
    EXPECT_EQ(value(card.id, "ops_dequeued"), 0u);
}

TEST_F(Statistics, IdsAreCheckedBeforeUse)
{
    Plugged card;
    std::uint16_t model = 0;
    run(card.id, echo(64), &model);
    const auto list = names(card.id, RTE_ML_DEV_XSTATS_MODEL, model);
    std::vector<std::uint16_t> ids;
    for (const auto& m : list) ids.push_back(m.id);
    std::vector<std::uint64_t> values(ids.size() + 1);
    const auto n = static_cast<std::uint16_t>(ids.size());
    EXPECT_EQ(rte_ml_dev_xstats_get(card.id, RTE_ML_DEV_XSTATS_MODEL, model, ids.data(), values.data(), n),
              n);
    EXPECT_EQ(rte_ml_dev_xstats_get(card.id, RTE_ML_DEV_XSTATS_DEVICE, -1, ids.data(), values.data(), n),
              -EINVAL);
    for (const std::uint16_t wrong : {std::uint16_t{60000}, std::uint16_t{65535}}) {
        EXPECT_EQ(rte_ml_dev_xstats_get(card.id, RTE_ML_DEV_XSTATS_MODEL, model, &wrong, values.data(), 1),
                  -EINVAL);
        EXPECT_EQ(rte_ml_dev_xstats_get(card.id, RTE_ML_DEV_XSTATS_DEVICE, -1, &wrong, values.data(), 1),
                  -EINVAL);
        EXPECT_EQ(rte_ml_dev_xstats_reset(card.id, RTE_ML_DEV_XSTATS_DEVICE, -1, &wrong, 1), -EINVAL);
    }
    std::uint16_t id = 0;
    std::uint64_t v = 0;
    EXPECT_EQ(rte_ml_dev_xstats_by_name_get(card.id, "no_such_thing", &id, &v), -EINVAL);
    EXPECT_EQ(id, 65535);
    EXPECT_EQ(rte_ml_dev_xstats_by_name_get(card.id, list[0].name, &id, &v), 0);
    EXPECT_EQ(id, list[0].id);
}

} // namespace
} // namespace test
