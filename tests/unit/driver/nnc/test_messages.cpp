// SPDX-License-Identifier: BSD-3-Clause
// Requests byte for byte: the vectors of aic100-device.md 4.3 and appendix D.
#include <gtest/gtest.h>

#include "aic100/wire/dbc.hpp"
#include "fakes.hpp"

namespace qaic::nnc {
namespace {
using namespace aic100;

Bytes bytes(ConstSpan s) { return {s.begin(), s.end()}; }

NncActivateToDev activate_body(std::uint64_t base)
{
    NncActivateToDev a{};
    const auto layout = fifo_layout(512);
    a.request_fifo = base;
    a.response_fifo = base + layout->response_offset;
    a.request_elements = 512;
    a.response_elements = 512;
    a.buffer_bytes = static_cast<std::uint32_t>(layout->bytes);
    return a;
}

TEST(NncMessage, StatusRequest)
{
    Message m(0);
    m.transaction<NncTransaction>(NncType::STATUS_TO_DEV);
    EXPECT_EQ(bytes(m.finish(0, true)),
              hex("bda539f7 51414943 00000000 28000000 01000000 00000000 ffffffff 00000000"
                  "0f000000 08000000"));
}

TEST(NncMessage, ActivateAlone)
{
    Message m(7);
    m.transaction(NncType::ACTIVATE_TO_DEV, activate_body(0x100000000));
    EXPECT_EQ(bytes(m.finish(1, true)),
              hex("0aaba818 51414943 01000000 48000000 01000000 07000000 ffffffff 00000000"
                  "09000000 28000000 00000000 01000000 00880000 01000000 00020000 00020000"
                  "00900000 00000000"));
}

TEST(NncMessage, Terminate)
{
    Message m(7, 0);
    NncTerminateToDev t{};
    t.handle = 7;
    m.transaction(NncType::TERMINATE_TO_DEV, t);
    EXPECT_EQ(bytes(m.finish(2, true)),
              hex("e157796e 51414943 02000000 30000000 01000000 07000000 00000000 00000000"
                  "11000000 10000000 07000000 00000000"));
}

TEST(NncMessage, ActivateAsTheRuntimeSendsIt)
{
    Activate c{};
    c.type = 9;
    c.process_id = 1234;
    c.elf_id = 1;
    c.reservation_id = -1;
    c.vc_setup = 1;
    c.vc_reservation_id = -1;
    c.initial_state = 1;
    Message m(7);
    m.command(c).transaction(NncType::ACTIVATE_TO_DEV, activate_body(0x100000000));
    EXPECT_EQ(bytes(m.finish(3, true)),
              hex("1606e760 51414943 03000000 88000000 02000000 07000000 ffffffff 00000000"
                  "04000000 40000000 09000000 d2040000 00000000 01000000 00000000 ffffffff"
                  "01000000 ffffffff 01000000 00000000 00000000 00000000 00000000 00000000"
                  "09000000 28000000 00000000 01000000 00880000 01000000 00020000 00020000"
                  "00900000 00000000"));
}

TEST(NncMessage, Deactivate)
{
    Deactivate c{};
    c.type = 11;
    c.activation_id = 1;
    c.vc_teardown = 1;
    Message m(7);
    m.command(c);
    EXPECT_EQ(bytes(m.finish(4, true)),
              hex("0c743fce 51414943 04000000 40000000 01000000 07000000 ffffffff 00000000"
                  "04000000 20000000 0b000000 01000000 01000000 00000000 00000000 00000000"));
}

TEST(NncMessage, DmaTransfer)
{
    std::vector<NncDmaPair> pairs(2);
    pairs[0].address = 0x300000, pairs[0].size = 0x1000;
    pairs[1].address = 0x500000, pairs[1].size = 0x800;
    Message m(7);
    m.dma_xfer(100, 0, pairs);
    const auto all = bytes(m.finish(0, false));
    EXPECT_EQ(Bytes(all.begin() + 32, all.end()),
              hex("06000000 38000000 64000000 02000000 00000000 00000000 00003000 00000000 00100000 00000000"
                  "00005000 00000000 00080000 00000000"));
    EXPECT_EQ(header_of(all).crc, 0u) << "no CRC was asked for";
}

TEST(NncMessage, PairsPerMessageAreTheKernels) // 4.7: 4028 alone, 4021 after a LOAD_ELF
{
    EXPECT_EQ(Message(7).pairs_that_fit(), 4028u);
    Message m(7);
    m.command(LoadElf{});
    EXPECT_EQ(m.pairs_that_fit(), 4021u);
    m.dma_xfer(100, 1, std::vector<NncDmaPair>(4021));
    EXPECT_LE(m.finish(0, true).size(), nnc_max_to_device - nnc_dma_budget_reserve);
}

TEST(NncMessage, FinishAgainUnderANewSequence)
{
    Message m(7);
    m.command(CmdHead{});
    const auto first = bytes(m.finish(1, true)), second = bytes(m.finish(2, true));
    EXPECT_EQ(first.size(), second.size());
    EXPECT_EQ(header_of(second).sequence, 2u);
    EXPECT_NE(header_of(first).crc, header_of(second).crc);
    EXPECT_EQ(header_of(second).crc, message_crc(second));
}

} // namespace
} // namespace qaic::nnc
