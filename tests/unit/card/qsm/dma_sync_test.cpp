// SPDX-License-Identifier: BSD-3-Clause
// Semaphores, fences and order of the DMA Bridge. aic100-device.md 5.3, 5.4, 8.7
#include "rig.hpp"

namespace qsm_test {
namespace {
using aic100::SemOp;

constexpr std::uint32_t pre(SemOp op, std::uint32_t index, std::uint32_t value = 0)
{
    return aic100::sem_word::make(static_cast<std::uint32_t>(op), index, value, true);
}
constexpr std::uint32_t post(SemOp op, std::uint32_t index, std::uint32_t value = 0)
{
    return aic100::sem_word::make(static_cast<std::uint32_t>(op), index, value, false);
}
static_assert(pre(SemOp::WAIT_EQUAL, 0, 4) == 0x84400004 && post(SemOp::INIT, 0) == 0x81000000);
constexpr std::uint32_t fence_in = 0x40000000, fence_out = 0x20000000;

class Sync : public ::testing::Test {
  protected:
    Sync()
    {
        rig.handshake();
        a = rig.run(echo_program(4096), 32);
        rig.settle();
        host = rig.host_memory(1u << 20);
        ddr = a.resp.ddr_base;
    }
    aic100::RequestElement with(aic100::RequestElement e, std::initializer_list<std::uint32_t> words)
    {
        unsigned i = 0;
        for (const auto w : words) e.sem[i++] = w;
        return e;
    }
    aic100::RequestElement step(std::uint16_t id, std::initializer_list<std::uint32_t> words)
    {
        return with(no_transfer(id), words);
    }
    /// Ids in the order their responses came.
    std::vector<unsigned> go(const std::vector<aic100::RequestElement>& elements)
    {
        rig.submit(a, elements);
        std::vector<unsigned> ids;
        for (const auto& r : rig.finish(a)) {
            ids.push_back(r.req_id);
            codes.push_back(r.code);
        }
        return ids;
    }
    std::uint16_t sem(unsigned i) { return rig.qsm->dbc(a.dbc).semaphores[i]; }
    using Ids = std::vector<unsigned>;
    Rig rig;
    Active a;
    std::uint64_t host = 0, ddr = 0;
    std::vector<unsigned> codes;
};

TEST_F(Sync, ArithmeticOfTwelveBits)
{
    go({step(1, {post(SemOp::INIT, 5, 4095)})});
    EXPECT_EQ(sem(5), 4095);
    go({step(1, {post(SemOp::INC, 5)})});
    EXPECT_EQ(sem(5), 0); // wraps
    go({step(1, {post(SemOp::DEC, 5)})});
    EXPECT_EQ(sem(5), 0); // stays
    go({step(1, {post(SemOp::INC, 5), post(SemOp::INC, 5), post(SemOp::INC, 31), post(SemOp::DEC, 5)})});
    EXPECT_EQ(sem(5), 1);
    EXPECT_EQ(sem(31), 1);
    go({step(1, {0x01050009})}); // not enabled
    EXPECT_EQ(sem(5), 1);
}

TEST_F(Sync, WaitEqualGatesTheTransfer)
{
    rig.host.put(host, std::uint32_t{42});
    EXPECT_EQ(go({with(to_device(1, host, ddr, 4), {pre(SemOp::WAIT_EQUAL, 5, 2)})}), Ids{});
    go({step(2, {post(SemOp::INC, 5)})});
    EXPECT_EQ(rig.qsm->dbc(a.dbc).pending, 1u);
    go({from_device(3, ddr, host + 64, 4)});
    EXPECT_EQ(rig.host.get<std::uint32_t>(host + 64), 0u);
    EXPECT_EQ(go({step(4, {post(SemOp::INC, 5)})}), (Ids{4, 1}));
    go({from_device(3, ddr, host + 64, 4)});
    EXPECT_EQ(rig.host.get<std::uint32_t>(host + 64), 42u);
    EXPECT_EQ(sem(5), 2); // waiting changes nothing
}

TEST_F(Sync, WaitGreaterEqual)
{
    EXPECT_EQ(go({step(1, {pre(SemOp::WAIT_GREATER_EQUAL, 5, 2)})}), Ids{});
    EXPECT_EQ(go({step(2, {post(SemOp::INIT, 5, 1)})}), Ids{2});
    EXPECT_EQ(go({step(3, {post(SemOp::INIT, 5, 900)})}), (Ids{3, 1}));
    EXPECT_EQ(go({step(4, {pre(SemOp::WAIT_GREATER_EQUAL, 5, 2)})}), Ids{4});
}

TEST_F(Sync, PTakesOneEach)
{
    EXPECT_EQ(go({step(1, {pre(SemOp::P, 5)}), step(2, {pre(SemOp::P, 5)}), step(3, {pre(SemOp::P, 5)})}),
              Ids{});
    EXPECT_EQ(go({step(4, {post(SemOp::INC, 5), post(SemOp::INC, 5)})}), (Ids{4, 1, 2}));
    EXPECT_EQ(sem(5), 0);
    EXPECT_EQ(go({step(5, {post(SemOp::INIT, 5, 7)})}), (Ids{5, 3}));
    EXPECT_EQ(sem(5), 6);
}

TEST_F(Sync, CommandsBeforeTheTransferTakeEffectToo)
{
    go({step(1, {pre(SemOp::INIT, 5, 10)})});
    EXPECT_EQ(sem(5), 10);
    go({step(1, {pre(SemOp::DEC, 5)}), step(2, {pre(SemOp::INC, 6)})});
    EXPECT_EQ(sem(5), 9);
    EXPECT_EQ(sem(6), 1);
}

TEST_F(Sync, SameSemaphoreKeepsItsOrderOthersOvertake)
{
    // 1 waits for 2, 2 (same semaphore, condition met at once) must stay behind it, 3 and 4 need not.
    EXPECT_EQ(go({step(1, {pre(SemOp::WAIT_EQUAL, 5, 2)}), step(2, {pre(SemOp::WAIT_GREATER_EQUAL, 5, 0)}),
                  step(3, {pre(SemOp::WAIT_GREATER_EQUAL, 6, 0)}), no_transfer(4)}),
              (Ids{3, 4}));
    EXPECT_EQ(go({step(5, {post(SemOp::INIT, 5, 2)})}), (Ids{5, 1, 2}));
}

TEST_F(Sync, PostsyncWaitsHoldTheRestOfTheRequest)
{
    rig.host.put(host, std::uint32_t{42});
    auto e = with(to_device(1, host, ddr, 4),
                  {post(SemOp::INC, 6), post(SemOp::WAIT_EQUAL, 5, 1), post(SemOp::INC, 7)});
    add_doorbell(e, a.resp.mcid_base + 0x800, 1);
    EXPECT_EQ(go({e}), Ids{});
    EXPECT_EQ(sem(6), 1);
    EXPECT_EQ(sem(7), 0);
    go({from_device(2, ddr, host + 64, 4), from_device(2, a.resp.mcid_base + 0x800, host + 128, 4)});
    EXPECT_EQ(rig.host.get<std::uint32_t>(host + 64), 42u); // the transfer is done
    EXPECT_EQ(rig.host.get<std::uint32_t>(host + 128), 0u); // the doorbell is not
    EXPECT_EQ(go({step(3, {post(SemOp::INC, 5)})}), (Ids{3, 1}));
    EXPECT_EQ(sem(7), 1);
    go({from_device(2, a.resp.mcid_base + 0x800, host + 128, 4)});
    EXPECT_EQ(rig.host.get<std::uint32_t>(host + 128), 1u);
}

TEST_F(Sync, FencesWaitForTheirDirection)
{
    const auto blocked_in = with(to_device(1, host, ddr, 4), {pre(SemOp::WAIT_EQUAL, 5, 1)});
    const auto blocked_out = with(from_device(2, ddr, host, 4), {pre(SemOp::WAIT_EQUAL, 6, 1)});
    // A fence counts with bit 31 clear, in any word.
    EXPECT_EQ(go({blocked_in, blocked_out, step(3, {0, fence_in}), step(4, {fence_out}),
                  step(5, {0, 0, 0, fence_in | fence_out}), no_transfer(6)}),
              Ids{6});
    EXPECT_EQ(go({step(7, {post(SemOp::INC, 6)})}), (Ids{7, 2, 4}));
    EXPECT_EQ(go({step(8, {post(SemOp::INC, 5)})}), (Ids{8, 1, 3, 5}));
    EXPECT_EQ(go({step(9, {fence_in | fence_out})}), Ids{9});
}

TEST_F(Sync, FenceAndPresyncTogether)
{
    const auto blocked = with(to_device(1, host, ddr, 4), {pre(SemOp::WAIT_EQUAL, 5, 1)});
    const auto both = step(2, {pre(SemOp::WAIT_EQUAL, 6, 0) | fence_in});
    const auto behind = step(3, {pre(SemOp::WAIT_EQUAL, 6, 0)});
    EXPECT_EQ(go({blocked, both, behind}), Ids{});
    EXPECT_EQ(go({step(4, {post(SemOp::INC, 5)})}), (Ids{4, 1, 2, 3}));
}

TEST_F(Sync, FenceOnATransferOfItsOwnDirection)
{
    auto last = with(to_device(2, host, ddr, 4), {fence_in});
    EXPECT_EQ(go({to_device(1, host, ddr, 4), last}), (Ids{1, 2}));
    const auto blocked = with(to_device(3, host, ddr, 4), {pre(SemOp::WAIT_EQUAL, 5, 1)});
    EXPECT_EQ(go({blocked, last, last}), Ids{});
    EXPECT_EQ(go({step(4, {post(SemOp::INC, 5)})}), (Ids{4, 3, 2, 2}));
}

TEST_F(Sync, MalformedSynchronisationDoesNothingButAnswer)
{
    EXPECT_EQ(go({step(1, {pre(SemOp::WAIT_EQUAL, 5, 1), pre(SemOp::INC, 6)}),
                  step(2, {post(SemOp::RESERVED, 7), post(SemOp::INC, 7)})}),
              (Ids{1, 2}));
    EXPECT_EQ(codes, (Ids{1, 1}));
    EXPECT_EQ(sem(6), 0);
    EXPECT_EQ(sem(7), 0);
}

TEST_F(Sync, AFifoOfWaitingRequestsIsTheMost)
{
    const auto never = step(1, {pre(SemOp::WAIT_EQUAL, 5, 1)});
    for (int i = 0; i < 4; ++i) {
        const auto free = 31 - aic100::fifo_used(rig.reg(a.dbc, aic100::dbc_reg::REQHP), a.tail, 32);
        rig.submit(a, std::vector(free, never));
        rig.settle();
    }
    EXPECT_EQ(rig.qsm->dbc(a.dbc).pending, 32u);
    EXPECT_EQ(aic100::fifo_used(rig.reg(a.dbc, aic100::dbc_reg::REQHP), a.tail, 32), 31u);
    EXPECT_EQ(rig.deactivate(a), 0); // no way out for them but this
}

/// An element and what has to be true, against a model that looks at everything at every step.
TEST_F(Sync, LongChainThroughOneSemaphore)
{
    // Each waits for the count its predecessor leaves; submitted in reverse on separate semaphores they
    // still finish in the order of the values.
    std::vector<aic100::RequestElement> list;
    Ids expected;
    for (std::uint16_t i = 0; i < 10; ++i) {
        const auto k = static_cast<std::uint16_t>(9 - i);
        list.push_back(step(k, {pre(SemOp::WAIT_EQUAL, 10u + k, 1), post(SemOp::INC, 11u + k)}));
        expected.push_back(i);
    }
    EXPECT_EQ(go(list), Ids{});
    expected.insert(expected.begin(), 100);
    EXPECT_EQ(go({step(100, {post(SemOp::INC, 10)})}), expected);
}

} // namespace
} // namespace qsm_test
