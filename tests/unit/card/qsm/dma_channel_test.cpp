// SPDX-License-Identifier: BSD-3-Clause
// The DMA Bridge without semaphores: transfers, errors, doorbells, FIFOs, MSIs. aic100-device.md 5
#include "rig.hpp"

namespace qsm_test {
namespace {
using aic100::dbc_reg::REQHP;
using aic100::dbc_reg::REQTP;
using aic100::dbc_reg::RSPHP;
using aic100::dbc_reg::RSPTP;

class Dma : public ::testing::Test {
  protected:
    explicit Dma(card::CardConfig config = {}) : rig(std::move(config))
    {
        rig.handshake();
        a = rig.run(echo_program(4096), 16);
        rig.settle();
        host = rig.host_memory(1u << 20);
        ddr = a.resp.ddr_base;
        window = a.resp.mcid_base;
    }
    /// The response to one element.
    std::uint16_t code(const aic100::RequestElement& e)
    {
        rig.submit(a, {e});
        const auto got = rig.finish(a);
        EXPECT_EQ(got.size(), 1u);
        return got.empty() ? std::uint16_t{0xffff} : got[0].code.get();
    }
    /// What the card's memory holds.
    template<class T>
    T card_value(std::uint64_t address)
    {
        EXPECT_EQ(code(from_device(99, address, host + 0xf0000, sizeof(T))), 0);
        return rig.host.get<T>(host + 0xf0000);
    }
    Rig rig;
    Active a;
    std::uint64_t host = 0, ddr = 0, window = 0;
};

TEST_F(Dma, EverySizeBothWays)
{
    for (std::uint32_t i = 0; i < 8192; ++i)
        rig.host.put(host + i, static_cast<std::uint8_t>(i * 13 + i / 256));
    for (const std::uint32_t n : {1u, 3u, 64u, 4095u, 4096u, 8192u}) {
        EXPECT_EQ(code(to_device(1, host, ddr, n)), 0);
        EXPECT_EQ(code(from_device(2, ddr, host + 16384, n)), 0);
        EXPECT_EQ(std::memcmp(rig.host.at(host), rig.host.at(host + 16384), n), 0) << n;
    }
    EXPECT_EQ(code(to_device(1, host, ddr, 0)), 0);
}

TEST_F(Dma, EveryBadRequestHasItsCode)
{
    EXPECT_EQ(code(to_device(1, 0x1000, ddr, 64)), 1); // IOVA not mapped
    EXPECT_EQ(code(from_device(1, ddr, 0x1000, 64)), 1);
    EXPECT_EQ(code(to_device(1, FakeHost::base + rig.host.memory.size() - 32, ddr, 64)), 1);
    EXPECT_EQ(code(to_device(1, host, ddr + 8192, 1)), 1); // past the shared DDR
    EXPECT_EQ(code(to_device(1, host, ddr + 8191, 2)), 1);
    EXPECT_EQ(code(to_device(1, host, ddr - 1, 1)), 1);
    EXPECT_EQ(code(to_device(1, host, 0, 1)), 1);
    EXPECT_EQ(code(to_device(1, host, ~0ull, 1)), 1);
    EXPECT_EQ(code(to_device(1, host, ddr, 0xffffffff)), 1);
    EXPECT_EQ(code(to_device(1, host, window + 8192, 1)), 1);     // past the L2TCM
    EXPECT_EQ(code(to_device(1, host, window + 0x800000, 1)), 1); // no such multicast id
    EXPECT_EQ(code(to_device(1, host, window + 8191, 1)), 0);
    auto e = to_device(1, host, ddr, 64);
    e.cmd = 0x1b; // illegal direction
    EXPECT_EQ(code(e), 1);
    e.cmd = 0x11; // linked list
    EXPECT_EQ(code(e), 1);
    e.cmd = 0x10; // nothing to move at all
    EXPECT_EQ(code(e), 0);
    EXPECT_EQ(code(to_device(1, host, ddr, 64)), 0); // and life goes on
}

TEST_F(Dma, AnotherActivationsMemoryIsNotReachable)
{
    auto b = rig.run(echo_program(4096), 16);
    EXPECT_EQ(code(to_device(1, host, b.resp.ddr_base, 4)), 1);
    EXPECT_EQ(code(to_device(1, host, b.resp.mcid_base, 4)), 1);
}

TEST_F(Dma, DoorbellsOfEachWidth)
{
    const auto at = window + 0x800; // ordinary L2TCM
    auto e = no_transfer(1);
    add_doorbell(e, at, 0x11223344, 32);
    EXPECT_EQ(code(e), 0);
    EXPECT_EQ(card_value<std::uint64_t>(at), 0x11223344u);
    add_doorbell(e, at + 2, 0xaabbccdd, 16);
    EXPECT_EQ(code(e), 0);
    EXPECT_EQ(card_value<std::uint64_t>(at), 0xccdd3344u);
    add_doorbell(e, at + 1, 0x99, 8);
    EXPECT_EQ(code(e), 0);
    EXPECT_EQ(card_value<std::uint64_t>(at), 0xccdd9944u);
    add_doorbell(e, ddr + 8, 5, 32); // any device address
    EXPECT_EQ(code(e), 0);
    EXPECT_EQ(card_value<std::uint32_t>(ddr + 8), 5u);
    add_doorbell(e, at + 2, 1, 32); // not aligned
    EXPECT_EQ(code(e), 1);
    add_doorbell(e, at + 1, 1, 16);
    EXPECT_EQ(code(e), 1);
    add_doorbell(e, 0x40, 1, 8);
    EXPECT_EQ(code(e), 1);
    add_doorbell(e, at, 1, 32);
    e.doorbell_attr = 0x83; // reserved width
    EXPECT_EQ(code(e), 1);
    e.doorbell_attr = 0x03; // not to be written at all
    EXPECT_EQ(code(e), 0);
    EXPECT_EQ(card_value<std::uint64_t>(at), 0xccdd9944u);
}

TEST_F(Dma, RequestFifoWrapsForEver)
{
    std::uint16_t id = 0, expected = 0;
    for (unsigned round = 0; round < 300; ++round) {
        const unsigned burst = round % 15 + 1; // up to n - 1
        for (unsigned i = 0; i < burst; ++i) rig.submit(a, {no_transfer(id++)});
        const auto got = rig.finish(a);
        ASSERT_EQ(got.size(), burst);
        for (const auto& r : got) ASSERT_EQ(r.req_id, expected++);
        ASSERT_EQ(rig.reg(a.dbc, REQHP), a.tail);
        ASSERT_EQ(rig.reg(a.dbc, REQTP), a.tail); // reads back as written
    }
    EXPECT_EQ(rig.qsm->dbc(a.dbc).executed, id);
}

TEST_F(Dma, FullResponseFifoStallsAndResumes)
{
    for (std::uint16_t i = 0; i < 15; ++i) rig.submit(a, {no_transfer(i)});
    rig.settle();
    EXPECT_EQ(rig.reg(a.dbc, RSPTP), 15u); // n - 1: full, nothing acknowledged
    rig.host.put(host, std::uint32_t{77});
    auto e = to_device(15, host, ddr, 4);
    rig.submit(a, {e, no_transfer(16), no_transfer(17)});
    rig.settle();
    EXPECT_EQ(rig.reg(a.dbc, RSPTP), 15u);
    const auto executed = rig.qsm->dbc(a.dbc).executed;
    rig.settle();
    EXPECT_EQ(rig.qsm->dbc(a.dbc).executed, executed);
    std::uint16_t expected = 0;
    for (int i = 0; i < 3; ++i) { // one slot at a time
        const auto got = rig.host.get<aic100::ResponseElement>(a.response_fifo + a.head * 4ull);
        EXPECT_EQ(got.req_id, expected++);
        a.head = (a.head + 1) % a.n;
        rig.set_reg(a.dbc, RSPHP, a.head);
        rig.settle();
        EXPECT_EQ(rig.reg(a.dbc, RSPTP), (15u + static_cast<unsigned>(i) + 1) % 16);
    }
    for (const auto& r : rig.finish(a)) EXPECT_EQ(r.req_id, expected++);
    EXPECT_EQ(expected, 18);
    EXPECT_EQ(card_value<std::uint32_t>(ddr), 77u);
}

TEST_F(Dma, IndicesBeyondTheFifoAreIgnored)
{
    rig.set_reg(a.dbc, REQTP, 16);
    EXPECT_FALSE(rig.qsm->poll());
    rig.set_reg(a.dbc, REQTP, 0xffffffff);
    EXPECT_FALSE(rig.qsm->poll());
    for (std::uint16_t i = 0; i < 15; ++i) rig.submit(a, {no_transfer(i)});
    rig.settle();
    rig.submit(a, {no_transfer(15)});
    rig.set_reg(a.dbc, RSPHP, 16);
    rig.settle();
    EXPECT_EQ(rig.reg(a.dbc, RSPTP), 15u);
    EXPECT_EQ(rig.finish(a).size(), 15u);
    EXPECT_EQ(rig.finish(a).size(), 1u);
}

TEST_F(Dma, MsiOnlyFromEmptyToNonEmpty)
{
    rig.host.msis.clear();
    rig.submit(a, {no_transfer(1)});
    rig.settle();
    EXPECT_EQ(rig.host.msis, std::vector<unsigned>{a.dbc + 1});
    rig.submit(a, {no_transfer(2)});
    rig.settle(); // not drained yet
    EXPECT_EQ(rig.host.msis.size(), 1u);
    EXPECT_EQ(rig.responses(a).size(), 2u);
    auto forced = no_transfer(3);
    forced.cmd = 0x98; // asks for an MSI, but QSM has not enabled that
    rig.submit(a, {no_transfer(4), forced, forced});
    rig.settle();
    EXPECT_EQ(rig.host.msis.size(), 2u);
    auto silent = no_transfer(5);
    silent.cmd = 0x08;
    rig.responses(a);
    rig.submit(a, {silent});
    rig.settle();
    EXPECT_EQ(rig.host.msis.size(), 2u);
}

class DmaForcedMsi : public Dma {
  protected:
    DmaForcedMsi()
        : Dma([] {
              card::CardConfig c;
              c.force_msi_enabled = true;
              return c;
          }())
    {}
};

TEST_F(DmaForcedMsi, OverridesTheRule)
{
    rig.host.msis.clear();
    auto forced = no_transfer(3);
    forced.cmd = 0x98;
    rig.submit(a, {no_transfer(1), forced, no_transfer(2), forced});
    rig.settle();
    // The first goes out together with request 1; the FIFO is never empty after that.
    EXPECT_EQ(rig.host.msis.size(), 2u);
    EXPECT_EQ(rig.responses(a).size(), 4u);
}

TEST_F(Dma, FailureOfAPieceShowsInTheLastResponse)
{
    auto piece = to_device(5, 0x1000, ddr, 64); // bad
    piece.cmd = 0x09;
    auto other = to_device(6, host, ddr, 64);
    rig.submit(a, {piece, other, to_device(5, host, ddr, 64), to_device(5, host, ddr, 64)});
    const auto got = rig.finish(a);
    ASSERT_EQ(got.size(), 3u);
    EXPECT_EQ(got[0].code, 0);
    EXPECT_EQ(got[1].code, 1);
    EXPECT_EQ(got[2].code, 0);
}

TEST_F(Dma, BusMasterOffStopsEverything)
{
    auto e = no_transfer(1);
    rig.host.bus_master = false;
    rig.submit(a, {e});
    rig.settle();
    EXPECT_EQ(rig.reg(a.dbc, REQHP), 0u);
    rig.host.bus_master = true;
    EXPECT_EQ(rig.finish(a).size(), 1u);
}

TEST_F(Dma, FaultHooks)
{
    rig.qsm->fail_responses(a.dbc, 0x1234, 2);
    EXPECT_EQ(code(no_transfer(1)), 0x1234);
    EXPECT_EQ(code(no_transfer(1)), 0x1234);
    EXPECT_EQ(code(no_transfer(1)), 0);
    rig.qsm->freeze(a.dbc, true);
    const auto head = rig.reg(a.dbc, REQHP);
    rig.submit(a, {no_transfer(2)});
    EXPECT_TRUE(rig.finish(a).empty());
    EXPECT_EQ(rig.reg(a.dbc, REQHP), head);
    rig.qsm->freeze(a.dbc, false);
    EXPECT_EQ(rig.finish(a).size(), 1u);
    rig.qsm->fail_responses(99, 1, 1);
    rig.qsm->freeze(99, true);
    EXPECT_FALSE(rig.qsm->dbc(99).active);
}

} // namespace
} // namespace qsm_test
