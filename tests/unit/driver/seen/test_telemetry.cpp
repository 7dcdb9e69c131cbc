// SPDX-License-Identifier: BSD-3-Clause
// The telemetry commands over the real socket, beside a device that works.
#include "../mldev/fixture.hpp"
#include "telemetry_client.hpp"
#include <atomic>
#include <set>

namespace test {
namespace {

class Telemetry : public MlTest {
  protected:
    static std::string error_of(const nlohmann::json& reply) { return reply.value("error", std::string()); }
    TelemetryClient client;
};

TEST_F(Telemetry, EveryCommandIsListedWithHelp)
{
    const auto all = client.ask("/").get<std::vector<std::string>>();
    const std::set<std::string> known(all.begin(), all.end());
    for (const char* name :
         {"list", "info", "models", "queues", "xstats", "latency", "sensors", "bootlog", "errors"}) {
        const auto path = std::string("/qaic/") + name;
        EXPECT_TRUE(known.contains(path)) << path;
        EXPECT_NE(client.ask("/help," + path).dump().find("arameters"), std::string::npos) << path;
    }
}

TEST_F(Telemetry, ListFollowsPlugAndUnplug)
{
    EXPECT_TRUE(client.ask("/qaic/list").empty());
    Plugged card;
    const auto id = std::to_string(card.id);
    EXPECT_EQ(client.ask("/qaic/list").value(id, ""), "ml_qaic_emu0");
    EXPECT_EQ(card.unplug(), 0);
    EXPECT_TRUE(client.ask("/qaic/list").empty());
    EXPECT_NE(error_of(client.ask("/qaic/info," + id)).find("E_INVAL"), std::string::npos);
}

TEST_F(Telemetry, InfoByIdAndByName)
{
    Plugged card;
    const auto by_id = client.ask("/qaic/info," + std::to_string(card.id));
    EXPECT_EQ(by_id, client.ask("/qaic/info,ml_qaic_emu0"));
    EXPECT_EQ(by_id.value("state", ""), "ONLINE");
    EXPECT_EQ(by_id.value("life", ""), "probed");
    EXPECT_EQ(by_id.value("nsps", 0), 16);
    EXPECT_FALSE(by_id.value("serial", "").empty());
    EXPECT_GT(by_id.at("boot_us").value("total", 0), 0);
    EXPECT_TRUE(by_id.at("boot_us").contains("sahara"));
}

TEST_F(Telemetry, ParametersAreStrict)
{
    Plugged card;
    const auto id = std::to_string(card.id);
    const struct {
        std::string command, says;
    } rows[] = {
        {"/qaic/list,0", "takes no parameters"},
        {"/qaic/info", "a device is missing"},
        {"/qaic/info,no_such_card", "no qaic device"},
        {"/qaic/info,60", "no qaic device"},
        {"/qaic/info,+0", "no qaic device"},
        {"/qaic/info," + id + ",x=1", "unknown option 'x': known are none"},
        {"/qaic/info," + id + ",", "empty parameter"},
        {"/qaic/models," + id + ",model", "a value is missing"},
        {"/qaic/models," + id + ",model=64", "limit=0..63"},
        {"/qaic/models," + id + ",model=1x", "limit=0..63"},
        {"/qaic/models," + id + ",model=1,model=1", "given twice"},
        {"/qaic/models," + id + ",model=1", "not loaded"},
        {"/qaic/xstats," + id + ",model=1", "not loaded"},
        {"/qaic/latency," + id + ",sample=maybe", "limit=on|off"},
        {"/qaic/bootlog," + id + ",lines=0", "limit=1..100"},
    };
    for (const auto& row : rows) {
        const auto error = error_of(client.ask(row.command));
        EXPECT_EQ(error.rfind("E_INVAL: ", 0), 0u) << row.command << ": " << error;
        EXPECT_NE(error.find(row.says), std::string::npos) << row.command << ": " << error;
    }
}

TEST_F(Telemetry, ModelsQueuesAndXstatsAgree)
{
    Plugged card;
    const auto id = std::to_string(card.id);
    std::uint16_t model = 0;
    run(card.id, echo(64), &model, 2);
    Op op(model, 64, 64), bad(99, 64, 64);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(infer(card.id, op, 1), RTE_ML_OP_STATUS_SUCCESS);
    EXPECT_EQ(infer(card.id, bad), RTE_ML_OP_STATUS_ERROR);

    const auto short_list = client.ask("/qaic/models," + id);
    ASSERT_EQ(short_list.size(), 1u) << short_list;
    EXPECT_EQ(short_list.at("0").value("inferences", 0), 5);
    const auto in_full = client.ask("/qaic/models," + id + ",model=0");
    EXPECT_EQ(in_full.value("input_bytes", 0), 64);
    EXPECT_EQ(in_full.value("submitted", 0), 5);
    EXPECT_NE(in_full.dump().find("\"state\":\"active\""), std::string::npos) << in_full;

    const auto queues = client.ask("/qaic/queues," + id);
    ASSERT_EQ(queues.size(), 2u) << queues;
    EXPECT_EQ(queues.at("0").value("rejected", 0), 1);
    EXPECT_EQ(queues.at("1").value("enqueued", 0), 5);
    EXPECT_EQ(queues.at("1").value("in_flight", -1), 0);

    const auto xstats = client.ask("/qaic/xstats," + id);
    EXPECT_EQ(xstats.value("qp1_dequeued", 0), 5);
    EXPECT_EQ(xstats.value("ops_dequeued", 0), 6);
    EXPECT_EQ(client.ask("/qaic/xstats," + id + ",model=0").value("model0_inferences", 0), 5);
}

TEST_F(Telemetry, TheLargestDeviceFitsIntoAReply)
{
    Plugged card;
    const auto id = std::to_string(card.id);
    ASSERT_EQ(configure(card.id, 16, 64), 0);
    for (std::uint16_t q = 0; q < 16; ++q) ASSERT_EQ(queue(card.id, q), 0);
    const auto program = echo(64);
    for (std::uint16_t m = 0, got = 0; m < 64; ++m) ASSERT_EQ(load(card.id, program, &got), 0) << m;
    EXPECT_EQ(client.ask("/qaic/models," + id).size(), 64u);
    EXPECT_EQ(client.ask("/qaic/queues," + id).size(), 16u);
    EXPECT_GE(client.ask("/qaic/xstats," + id).size(), 16u * 6u);
}

TEST_F(Telemetry, SensorsComeFromTheCard)
{
    Plugged card;
    const auto sensors = client.ask("/qaic/sensors," + std::to_string(card.id));
    ASSERT_EQ(error_of(sensors), "");
    EXPECT_EQ(sensors.size(), 27u) << sensors;
    EXPECT_GT(sensors.value("soc_temperature_c", 0), 0);
    EXPECT_GT(sensors.value("board_power_w", 0), 0);
    EXPECT_LT(sensors.value("board_power_w", 0), 1000);
}

TEST_F(Telemetry, BootLogIsTheEndOfIt)
{
    Plugged card;
    const auto id = std::to_string(card.id);
    const auto all = client.ask("/qaic/bootlog," + id + ",lines=100");
    ASSERT_TRUE(all.is_array()) << all;
    ASSERT_GT(all.size(), 1u);
    const auto last = client.ask("/qaic/bootlog," + id + ",lines=1");
    ASSERT_EQ(last.size(), 1u);
    EXPECT_EQ(last[0], all.back());
}

TEST_F(Telemetry, ErrorsAreKeptWithTheirTime)
{
    Plugged card, other("ml_qaic_emu1");
    const auto id = std::to_string(card.id);
    EXPECT_EQ(client.ask("/qaic/errors," + id).value("total", -1), 0);
    for (int i = 0; i < 40; ++i)
        EXPECT_EQ(rte_ml_dev_xstats_names_get(card.id, RTE_ML_DEV_XSTATS_MODEL, i, nullptr, 0), -EINVAL);
    const auto errors = client.ask("/qaic/errors," + id);
    EXPECT_EQ(errors.value("total", 0), 40);
    ASSERT_EQ(errors.size(), 33u) << errors;
    EXPECT_NE(errors.at("00").value("text", "").find("got=8"), std::string::npos) << errors.at("00");
    EXPECT_NE(errors.at("31").value("text", "").find("got=39"), std::string::npos) << errors.at("31");
    EXPECT_EQ(errors.at("31").value("level", ""), "error");
    EXPECT_EQ(errors.at("31").value("time", "").size(), std::strlen("2026-01-02T03:04:05.678Z"));
    EXPECT_EQ(client.ask("/qaic/errors," + std::to_string(other.id)).value("total", -1), 0)
        << "its neighbour's";
}

TEST_F(Telemetry, NothingOutlivesRemove)
{
    std::atomic<bool> stop{false};
    std::thread asker([&] {
        TelemetryClient one;
        const char* const asked[] = {"/qaic/list",     "/qaic/info,0",    "/qaic/xstats,0",
                                     "/qaic/errors,0", "/qaic/sensors,0", "/qaic/latency,0,sample=on"};
        for (unsigned i = 0; !stop; ++i) (void)one.ask(asked[i % std::size(asked)]);
    });
    for (int i = 0; i < 8; ++i) {
        Plugged card;
        ASSERT_EQ(card.result, 0);
        std::uint16_t model = 0;
        run(card.id, echo(64), &model);
        Op op(model, 64, 64);
        for (int k = 0; k < 50; ++k) ASSERT_EQ(infer(card.id, op), RTE_ML_OP_STATUS_SUCCESS);
        ASSERT_EQ(card.unplug(), 0);
    }
    stop = true;
    asker.join();
}

} // namespace
} // namespace test
