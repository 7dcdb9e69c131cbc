// SPDX-License-Identifier: BSD-3-Clause
// The dump decodes registers and rings; the self-test goes through every channel.
#include "../mldev/fixture.hpp"
#include <cstdlib>

namespace test {
namespace {

std::string dump(std::int16_t id)
{
    char* text = nullptr;
    std::size_t size = 0;
    std::FILE* const to = open_memstream(&text, &size);
    EXPECT_EQ(rte_ml_dev_dump(id, to), 0);
    std::fclose(to);
    std::string out(text, size);
    std::free(text);
    return out;
}

class Dump : public MlTest {};

TEST_F(Dump, RegistersAreTakenApart)
{
    Plugged card;
    const auto text = dump(card.id);
    for (const char* part :
         {"mhi.MHISTATUS", "state=M0", "syserr=0", "ready=1", "bhi.EXECENV", "env=AMSS", "mhi.MHIVER",
          "event ring at 0x", "command ring at 0x", "QAIC_CONTROL to device ring at 0x", "running, used"})
        EXPECT_NE(text.find(part), std::string::npos) << part << " is missing in\n" << text;
    EXPECT_EQ(text.find("CRDB_LOW"), std::string::npos) << "a write-only register was read";
}

TEST_F(Dump, ChannelsShowTheirIndices)
{
    Plugged card;
    std::uint16_t model = 0;
    run(card.id, echo(64), &model);
    Op op(model, 64, 64);
    ASSERT_EQ(infer(card.id, op), RTE_ML_OP_STATUS_SUCCESS);
    const auto text = dump(card.id);
    EXPECT_NE(text.find("REQHP=2 REQTP=2"), std::string::npos) << "two elements of one operation:\n" << text;
    EXPECT_NE(text.find("RSPTP=1"), std::string::npos) << text;
    EXPECT_NE(text.find("requests not fetched 0"), std::string::npos) << text;
}

TEST_F(Dump, AClosedDeviceIsNotRead)
{
    Plugged card;
    ASSERT_EQ(rte_ml_dev_close(card.id), 0);
    const auto text = dump(card.id);
    EXPECT_NE(text.find("closed"), std::string::npos);
    EXPECT_EQ(text.find("MHISTATUS"), std::string::npos) << "it is off the bus";
}

class SelfTest : public MlTest {};

TEST_F(SelfTest, EchoesThroughEveryChannelAndLeavesNothing)
{
    Plugged card;
    std::uint64_t requests = 0, after = 0;
    ASSERT_EQ(rte_ml_dev_xstats_by_name_get(card.id, "nnc_requests", nullptr, &requests), 0);
    ASSERT_EQ(rte_ml_dev_selftest(card.id), 0);
    ASSERT_EQ(rte_ml_dev_xstats_by_name_get(card.id, "nnc_requests", nullptr, &after), 0);
    EXPECT_GE(after - requests, 2u * 16u + 2u) << "16 activations and their ends, a load and an unload";
    // All of the card is free again: so many activations are possible at once only then.
    ASSERT_EQ(configure(card.id, 1, 16), 0);
    ASSERT_EQ(queue(card.id), 0);
    ASSERT_EQ(rte_ml_dev_start(card.id), 0);
    const auto program = echo(64);
    for (std::uint16_t m = 0, id = 0; m < 16; ++m) {
        ASSERT_EQ(load(card.id, program, &id), 0);
        EXPECT_EQ(rte_ml_model_start(card.id, id), 0) << m;
    }
    EXPECT_EQ(rte_ml_dev_selftest(card.id), -EBUSY) << "only when idle";
}

} // namespace
} // namespace test
