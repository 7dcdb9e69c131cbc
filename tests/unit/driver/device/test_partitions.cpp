// SPDX-License-Identifier: BSD-3-Clause
// Parts of the card set apart: what is loaded into one takes from it alone. And which queue pair feeds which
// activation, when the application says so.
#include "recovery_fixture.hpp"

namespace test {
namespace {

class Partitions : public RecoveryTest {
  protected:
    static nnc::GroupRequest half()
    {
        return {.nsps = 2, .mcids = 8, .semaphores = 64, .dbcs = 2, .memory = 64u << 20, .networks = 4};
    }
    std::uint16_t load_into(std::uint8_t number)
    {
        ok(device->use_partition(number));
        auto id = device->load_model(echo());
        EXPECT_TRUE(id) << id.error().message();
        return id ? *id : std::uint16_t{0xffff};
    }
};

TEST_F(Partitions, ModelsTakeFromTheirsAlone)
{
    bring_up(1, 0);
    ok(device->start());
    const auto card = *device->resources();
    const auto number = device->create_partition(half());
    ASSERT_TRUE(number) << number.error().message();
    EXPECT_EQ(device->resources()->nsp_free, card.nsp_free - 2);
    EXPECT_EQ(device->resources()->vc_free, card.vc_free - 2);
    const auto rest = *device->resources();
    const auto model = load_into(*number);
    ok(device->start_model(model));
    EXPECT_EQ(device->partition_resources(*number)->nsp_free, 1);
    EXPECT_EQ(device->partition_resources(*number)->vc_free, 1);
    EXPECT_EQ(device->resources()->nsp_free, rest.nsp_free) << "nothing of the others";
    expect_good(model, 16);
    EXPECT_EQ(device->destroy_partition(*number).error().code, Code::E_BUSY);
    const auto beside = load_into(0);
    ok(device->start_model(beside));
    EXPECT_EQ(device->resources()->nsp_free, rest.nsp_free - 1);
    expect_good(beside, 16);
    ok(device->stop_model(model));
    ok(device->unload_model(model));
    ok(device->destroy_partition(*number));
    EXPECT_EQ(device->resources()->nsp_free, card.nsp_free - 1);
    EXPECT_TRUE(device->partitions()->empty());
}

TEST_F(Partitions, AFullOneSaysSo)
{
    bring_up(1, 0);
    ok(device->start());
    auto one = half();
    one.nsps = one.dbcs = 1;
    const auto number = device->create_partition(one);
    ASSERT_TRUE(number);
    const auto first = load_into(*number), second = load_into(*number);
    ok(device->start_model(first));
    EXPECT_EQ(device->start_model(second).error().code, Code::E_NORES);
    one.nsps = 100;
    EXPECT_EQ(device->create_partition(one).error().code, Code::E_NORES);
    one.nsps = 0;
    EXPECT_EQ(device->create_partition(one).error().code, Code::E_INVAL);
    for (const unsigned bad : {0u, 2u, 16u, 17u, 255u}) {
        EXPECT_EQ(device->destroy_partition(static_cast<std::uint8_t>(bad)).error().code, Code::E_INVAL);
        EXPECT_EQ(device->partition_resources(static_cast<std::uint8_t>(bad)).error().code, Code::E_INVAL);
    }
    EXPECT_EQ(device->use_partition(7).error().code, Code::E_INVAL);
}

TEST_F(Partitions, AreThereAgainAfterAReset)
{
    bring_up(1, 0);
    ok(device->start());
    const auto gone = device->create_partition(half()), kept = device->create_partition(half());
    ASSERT_TRUE(gone && kept);
    ok(device->destroy_partition(*gone)); // the card will number what is left anew
    const auto model = load_into(*kept);
    ok(device->start_model(model));
    lose_and_recover();
    EXPECT_EQ(*device->partitions(), std::vector<std::uint8_t>{*kept});
    EXPECT_EQ(device->partition_resources(*kept)->nsp_free, 1);
    expect_good(model, 16);
}

class Spread : public RecoveryTest {
  protected:
    std::vector<unsigned> busy_after(unsigned pair)
    {
        std::map<unsigned, std::uint64_t> before;
        for (unsigned d = 0; d < aic100::dbc_count; ++d) before[d] = qsm().dbc(d).executed;
        expect_good(0, 16, pair);
        std::vector<unsigned> out;
        for (unsigned d = 0; d < aic100::dbc_count; ++d)
            if (qsm().dbc(d).executed != before[d]) out.push_back(d);
        return out;
    }
};

TEST_F(Spread, QueuePairsFeedWhatTheyAreTold)
{
    bring_up(4, 1);
    ok(device->set_spread(0, {0, 0, 0, 1})); // one queue pair has an activation of its own
    start_all(1);
    EXPECT_EQ(device->model_counters(0)->activations, 2u);
    const auto first = busy_after(0), last = busy_after(3);
    EXPECT_EQ(busy_after(1), first);
    EXPECT_EQ(busy_after(2), first);
    EXPECT_NE(last, first);
    EXPECT_EQ(device->set_spread(0, {}).error().code, Code::E_BUSY);
    ok(device->stop_model(0));
    ok(device->set_spread(0, {}));
    ok(device->start_model(0));
    EXPECT_EQ(busy_after(3), busy_after(0));
}

TEST_F(Spread, NonsenseIsRefused)
{
    bring_up(2, 1);
    ok(device->start());
    EXPECT_EQ(device->set_spread(0, {0, 16}).error().code, Code::E_INVAL);
    EXPECT_EQ(device->set_spread(0, std::vector<std::uint8_t>(17)).error().code, Code::E_INVAL);
    EXPECT_EQ(device->set_spread(9, {0, 0}).error().code, Code::E_INVAL);
    for (const auto& map : {std::vector<std::uint8_t>{0}, {1, 1}, {0, 2}}) {
        ok(device->set_spread(0, map));
        EXPECT_EQ(device->start_model(0).error().code, Code::E_INVAL);
    }
    ok(device->set_spread(0, {1, 0, 5})); // there is no third queue pair
    ok(device->start_model(0));
    expect_good(0, 16, 0);
    expect_good(0, 16, 1);
}

/// A fault of one activation leaves the others, and the spread stays.
TEST_F(Spread, AFaultStaysWithItsActivation)
{
    bring_up(3, 1);
    ok(device->set_spread(0, {0, 1, 1}));
    start_all(1);
    const auto mine = busy_after(1).at(0);
    qsm().freeze(mine, true);
    Ops hung(*bus, 2, 0);
    ASSERT_EQ(enqueue(*qps[2], hung), 2);
    EXPECT_EQ(collect(*qps[2], hung, 2, true), 2u);
    expect_good(0, 16, 0);
    for (unsigned d = 0; d < 16; ++d) qsm().freeze(d, false);
    for (int i = 0; i < 300 && device->counters().reactivations == 0; ++i) upkeep(100ms);
    expect_good(0, 16, 1);
    expect_good(0, 16, 2);
}

} // namespace
} // namespace test
