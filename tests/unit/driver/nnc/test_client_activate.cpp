// SPDX-License-Identifier: BSD-3-Clause
// What binds and what releases a DBC (aic100-device.md 4.8, guard N-DBC), and when a FIFO is ours again.
#include <gtest/gtest.h>

#include "fakes.hpp"

namespace qaic::nnc {
namespace {
using namespace aic100;

struct Activating : testing::Test {
    ActivateResp resp{};
    NncActivateFromDev vc{};
    StatusResp down{};
    NncStatusWord vc_down{};
    bool alone = false; ///< the passthrough without its channel transaction
    unsigned restarting = 0;
    bool mute = false;

    Bench b{[this](FakeChannel& ch, ConstSpan m) { answer(ch, m); }};

    void answer(FakeChannel& ch, ConstSpan m)
    {
        const auto seq = header_of(m).sequence;
        if (read_at<le32>(m, 32)->get() == 15) return ch.reply(status_reply(seq, 1));
        if (mute) return;
        const auto pt =
            command_of(m) == 9 ? passthrough(restarting > 0 ? restart() : resp) : passthrough(down);
        const auto tr = command_of(m) == 9 ? transaction(NncType::ACTIVATE_FROM_DEV, vc)
                                           : transaction(NncType::DEACTIVATE_FROM_DEV, vc_down);
        const bool only_pt = alone || restarting > 0;
        if (restarting > 0) --restarting;
        ch.reply(only_pt ? card_message(seq, {pt}) : card_message(seq, {pt, tr}));
    }
    ActivateResp restart() const
    {
        auto r = resp;
        r.status = nnc_status::SSR;
        return r;
    }
    void SetUp() override
    {
        resp.type = 10, resp.activation_id = 4, resp.vc_id = 3;
        resp.ddr_base = 0x1000, resp.mcid_base = 0x8000000, resp.nsp_mask = 0xf;
        vc.dbc = 3;
        down.type = 12;
        vc_down.value = 3;
        ASSERT_TRUE(b.client->hello());
    }
    Result<Activation> go()
    {
        ActivateRequest r;
        r.elf_id = 1;
        r.request_fifo = {0x100000000};
        r.response_fifo = {0x100008800};
        r.elements = 512, r.fifo_bytes = 0x9000;
        return b.client->activate(r);
    }
};

TEST_F(Activating, BindsTheDbcOfTheReply)
{
    const auto a = go();
    ASSERT_TRUE(a) << a.error().message();
    EXPECT_EQ(a->id, 4u);
    EXPECT_EQ(a->dbc, 3u);
    EXPECT_EQ(a->mcid_base, 0x8000000u);
    EXPECT_EQ(a->nsp_mask, 0xfu);
    const auto& m = b.channel->sent.back();
    EXPECT_EQ(header_of(m).count, 2u);
    EXPECT_EQ(read_at<NncTransaction>(m, 32)->length, 0x40u);
    EXPECT_EQ(read_at<NncActivateToDev>(m, 0x60)->response_fifo, 0x100008800u);
    EXPECT_TRUE(b.client->deactivate(*a));
    EXPECT_EQ(b.client->deactivate(*a).error().code, Code::E_INVAL) << "released once only";
    EXPECT_TRUE(go()) << "and free for the next";
}

TEST_F(Activating, RefusalsInBothForms)
{
    resp.status = nnc_status::NO_NSP, resp.activation_id = 0;
    vc.status = 1;
    const auto both = go();
    ASSERT_FALSE(both);
    EXPECT_EQ(both.error().code, Code::E_NORES);
    EXPECT_TRUE(Client::fifo_safe(both.error()));
    alone = true;
    EXPECT_EQ(go().error().code, Code::E_NORES);
    EXPECT_EQ(b.client->counters().n_dbc, 0u);
}

TEST_F(Activating, RestartIsRetried)
{
    restarting = 3;
    EXPECT_TRUE(go());
    EXPECT_EQ(b.channel->sent.size(), 5u);
}

TEST_F(Activating, ContradictionsAreProtocolErrors)
{
    const auto expect_proto = [&](const char* what) {
        const auto a = go();
        ASSERT_FALSE(a) << what;
        EXPECT_EQ(a.error().code, Code::E_PROTO) << what;
        EXPECT_FALSE(Client::fifo_safe(a.error())) << what;
    };
    resp.status = -13;
    expect_proto("refused and bound");
    resp.status = 0, vc.dbc = 16, resp.vc_id = 16;
    expect_proto("dbc 16");
    vc.dbc = 3, resp.vc_id = 4;
    expect_proto("two dbc ids");
    resp.vc_id = 3, resp.activation_id = 0;
    expect_proto("activation id 0");
    resp.activation_id = 4, alone = true;
    expect_proto("accepted without a channel");
    alone = false;
    ASSERT_TRUE(go());
    expect_proto("dbc in use");
    b.client->released(3); // as after SSR
    EXPECT_TRUE(go());
    EXPECT_EQ(b.client->counters().n_dbc, 5u);
}

TEST_F(Activating, ChannelRefusedByItself)
{
    vc.status = 1;
    const auto a = go();
    ASSERT_FALSE(a);
    EXPECT_EQ(a.error().code, Code::E_DMA);
}

TEST_F(Activating, DeactivationOfAnotherDbcReleasesNothing)
{
    const auto a = go();
    ASSERT_TRUE(a);
    vc_down.value = 5;
    EXPECT_EQ(b.client->deactivate(*a).error().code, Code::E_PROTO);
    EXPECT_EQ(b.client->counters().n_dbc, 1u);
    alone = true;
    EXPECT_EQ(b.client->deactivate(*a).error().code, Code::E_PROTO);
    alone = false, vc_down.value = 3, vc_down.status = 9;
    EXPECT_FALSE(b.client->deactivate(*a));
    vc_down.status = 0, down.status = -114;
    EXPECT_FALSE(b.client->deactivate(*a));
    down.status = 0;
    EXPECT_TRUE(b.client->deactivate(*a));
}

TEST_F(Activating, LateRepliesTouchNoDbc)
{
    mute = true;
    const auto a = go();
    ASSERT_FALSE(a);
    EXPECT_EQ(a.error().code, Code::E_TIMEOUT);
    EXPECT_FALSE(Client::fifo_safe(a.error()));
    const auto late = header_of(b.channel->sent.back()).sequence;
    mute = false;
    b.channel->reply(card_message(late, {passthrough(resp), transaction(NncType::ACTIVATE_FROM_DEV, vc)}));
    vc.dbc = 6, resp.vc_id = 6, resp.activation_id = 5;
    const auto second = go();
    ASSERT_TRUE(second) << second.error().message();
    EXPECT_EQ(second->dbc, 6u);
    EXPECT_EQ(b.client->counters().late, 1u);
    Activation ghost;
    ghost.dbc = 3, ghost.id = 4;
    EXPECT_EQ(b.client->deactivate(ghost).error().code, Code::E_INVAL) << "nobody owns DBC 3";
}

TEST_F(Activating, StateCommandAndTerminate)
{
    ASSERT_TRUE(go());
    down.type = 37, alone = true;
    EXPECT_TRUE(b.client->set_state(4, 0));
    const auto& m = b.channel->sent.back();
    EXPECT_EQ(read_at<ActivateStateCmd>(m, 40)->entries[0].activation_id, 4u);
    EXPECT_EQ(read_at<ActivateStateCmd>(m, 40)->count, 1u);
}

} // namespace
} // namespace qaic::nnc
