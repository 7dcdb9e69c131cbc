// SPDX-License-Identifier: BSD-3-Clause
// Every byte-exact vector of aic100-device.md, built from lib/aic100's structs and compared. The card and the
// driver are tested against the same vectors each on its own.
#include "aic100/regs/registers.hpp"
#include "aic100/wire/dbc.hpp"
#include "aic100/wire/mhi.hpp"
#include "aic100/wire/nnc.hpp"
#include "aic100/wire/nnc_commands.hpp"
#include "aic100/wire/sahara.hpp"
#include "aic100/wire/services.hpp"
#include "base/bytes.hpp"
#include "vectors.hpp"
#include <gtest/gtest.h>
#include <zlib.h>

namespace {
using namespace aic100;
using vectors::V;

template<class... T>
V wire(const T&... parts)
{
    qaic::Bytes b;
    (qaic::append(b, parts), ...);
    V v(b.size());
    std::memcpy(v.data(), b.data(), b.size());
    return v;
}

/// A complete NNC message: header, parts, length and (over the zeroed field) CRC filled in.
template<class... T>
V nnc(std::uint32_t seq, std::uint32_t count, std::uint32_t handle, std::int32_t partition, const T&... parts)
{
    const auto body = wire(parts...);
    NncHeader h{.crc = 0,
                .magic = nnc_magic,
                .sequence = seq,
                .length = static_cast<std::uint32_t>(sizeof(NncHeader) + body.size()),
                .count = count,
                .handle = handle,
                .partition = partition,
                .padding = 0};
    auto v = wire(h);
    v.insert(v.end(), body.begin(), body.end());
    h.crc = static_cast<std::uint32_t>(crc32(0, v.data(), static_cast<uInt>(v.size())));
    const auto head = wire(h);
    std::copy(head.begin(), head.end(), v.begin());
    return v;
}

TEST(Vectors, Contexts)
{
    EXPECT_EQ(wire(EventContext{.intmod = 0,
                                .ertype = 1,
                                .msivec = 0,
                                .rbase = 0x100000,
                                .rlen = 512,
                                .rp = 0x100000,
                                .wp = 0x1001f0}),
              vectors::event_context);
    EXPECT_EQ(
        wire(CommandContext{.reserved = {}, .rbase = 0x101000, .rlen = 2048, .rp = 0x101000, .wp = 0x101000}),
        vectors::command_context);
    const auto enabled = chcfg_burst_disabled | static_cast<std::uint32_t>(ChannelState::ENABLED);
    EXPECT_EQ(wire(ChannelContext{.chcfg = enabled,
                                  .chtype = 1,
                                  .erindex = 0,
                                  .rbase = 0x102000,
                                  .rlen = 128 * ring_element_bytes,
                                  .rp = 0x102000,
                                  .wp = 0x102000}),
              vectors::channel_context_10);
    EXPECT_EQ(wire(ChannelContext{.chcfg = enabled,
                                  .chtype = 2,
                                  .erindex = 0,
                                  .rbase = 0x103000,
                                  .rlen = 32 * ring_element_bytes,
                                  .rp = 0x103000,
                                  .wp = 0x103000}),
              vectors::channel_context_3);
}

TEST(Vectors, RingElements)
{
    EXPECT_EQ(wire(make_command(Command::START_CHANNEL, 10)), vectors::cmd_start_10);
    EXPECT_EQ(wire(make_command(Command::RESET_CHANNEL, 11)), vectors::cmd_reset_11);
    EXPECT_EQ(wire(make_tre(0x200000, 32, true)), vectors::tre_chained);
    EXPECT_EQ(wire(make_tre(0x201000, 8, false)), vectors::tre_end);
    EXPECT_EQ(wire(make_tre(0x202000, 4096, false)), vectors::tre_receive);
    const auto state = [](MhiState s) {
        return wire(make_event(EventType::STATE_CHANGE, 0, static_cast<std::uint8_t>(s), 0, 0));
    };
    const auto env = [](ExecEnv e) {
        return wire(make_event(EventType::EXEC_ENV, 0, static_cast<std::uint8_t>(e), 0, 0));
    };
    EXPECT_EQ(state(MhiState::M0), vectors::ev_m0);
    EXPECT_EQ(state(MhiState::SYS_ERR), vectors::ev_sys_err);
    EXPECT_EQ(env(ExecEnv::SBL), vectors::ev_sbl);
    EXPECT_EQ(env(ExecEnv::AMSS), vectors::ev_amss);
    const auto eot = static_cast<std::uint8_t>(Completion::EOT),
               ok = static_cast<std::uint8_t>(Completion::SUCCESS);
    EXPECT_EQ(wire(make_event(EventType::COMMAND_COMPLETION, 0x101000, ok, 0, 0)), vectors::ev_command);
    EXPECT_EQ(wire(make_event(EventType::TRANSFER, 0x102010, eot, 8, 10)), vectors::ev_ch10);
    EXPECT_EQ(wire(make_event(EventType::TRANSFER, 0x104000, eot, 56, 11)), vectors::ev_ch11);
}

TEST(Vectors, RingElementsReadBack)
{
    const auto tre = make_tre(0x201000, 65535, true);
    EXPECT_EQ(tre_length(tre), 65535u);
    EXPECT_TRUE(tre_chained(tre));
    const auto e = make_event(EventType::TRANSFER, 1, 3, 65535, 255);
    EXPECT_EQ(event_type(e), 0x22);
    EXPECT_EQ(event_code(e), 3);
    EXPECT_EQ(event_length(e), 65535u);
    EXPECT_EQ(element_channel(e), 255);
    EXPECT_EQ(command_of(make_command(Command::STOP_CHANNEL, 7)), 0x11);
}

SaharaHeader sahara(SaharaCmd c, std::uint32_t length) { return {static_cast<std::uint32_t>(c), length}; }

TEST(Vectors, Sahara)
{
    EXPECT_EQ(wire(SaharaHello{.header = sahara(SaharaCmd::HELLO, 0x30),
                               .version = 2,
                               .version_compat = 1,
                               .max_length = 0x10000,
                               .mode = 0,
                               .reserved = {}}),
              vectors::sahara_hello);
    EXPECT_EQ(wire(SaharaHelloResp{.header = sahara(SaharaCmd::HELLO_RESP, 0x30),
                                   .version = 2,
                                   .version_compat = 2,
                                   .status = 0,
                                   .mode = 0,
                                   .reserved = {}}),
              vectors::sahara_hello_resp);
    EXPECT_EQ(wire(SaharaReadData{
                  .header = sahara(SaharaCmd::READ_DATA, 0x14), .image = 1, .offset = 0, .bytes = 64}),
              vectors::sahara_read_data);
    EXPECT_EQ(
        wire(SaharaEndOfImage{.header = sahara(SaharaCmd::END_OF_IMAGE, 0x10), .image = 1, .status = 0}),
        vectors::sahara_end_of_image);
    EXPECT_EQ(wire(sahara(SaharaCmd::DONE, 8)), vectors::sahara_done);
    EXPECT_EQ(wire(sahara(SaharaCmd::RESET, 8)), vectors::sahara_reset);
    EXPECT_EQ(wire(SaharaMemRead64{.header = sahara(SaharaCmd::MEM_READ64, 0x18),
                                   .address = 0x80000000,
                                   .length = sahara_dump_chunk}),
              vectors::sahara_mem_read64);
}

TEST(Vectors, Services)
{
    const auto ts = [](TimesyncType t) {
        return TimesyncHeader{.signature = timesync_signature,
                              .reserved1 = 0,
                              .reserved2 = 0,
                              .type = static_cast<std::uint8_t>(t),
                              .reserved3 = 0};
    };
    EXPECT_EQ(wire(ts(TimesyncType::CMD_TO_HOST)), vectors::ts_cmd);
    EXPECT_EQ(wire(TimesyncRequest{
                  .header = ts(TimesyncType::SYNC_REQ), .seconds = 1700000000, .microseconds = 123}),
              vectors::ts_sync);
    const auto ssr = [](SsrCmd c) {
        return SsrWord{.header = {static_cast<std::uint32_t>(c), 0x10, 3},
                       .value = static_cast<std::uint32_t>(SsrEvent::BEFORE_SHUTDOWN)};
    };
    EXPECT_EQ(wire(ssr(SsrCmd::SSR_EVENT)), vectors::ssr_event);
    EXPECT_EQ(wire(ssr(SsrCmd::SSR_EVENT_RSP)), vectors::ssr_rsp);
    EXPECT_EQ(
        wire(TelemetryMessage{
            .header = {.magic = ras_magic, .version = 1, .sequence = 1, .type = 1, .id = 0, .length = 11},
            .command = 8,
            .access = 0,
            .status = 0,
            .value = 0}),
        vectors::telemetry_power);
}

template<class E>
NncTransaction head(E type, std::uint32_t length)
{
    return {static_cast<std::uint32_t>(type), length};
}

TEST(Vectors, NncTransactions)
{
    EXPECT_EQ(wire(NncDmaXfer{.head = head(NncType::DMA_XFER_TO_DEV, 0x38),
                              .tag = nnc_tag_elf,
                              .count = 2,
                              .chunk_id = 0,
                              .reserved = 0},
                   NncDmaPair{0x300000, 0x1000}, NncDmaPair{0x500000, 0x800}),
              vectors::nnc_dma_xfer);
    EXPECT_EQ(wire(NncDmaCont{.head = head(NncType::DMA_XFER_CONT, 0x18),
                              .chunk_id = 1,
                              .reserved = 0,
                              .transferred = 4028 * 4096}),
              vectors::nnc_dma_cont);
    EXPECT_EQ(wire(NncStatusWord{.head = head(NncType::DEACTIVATE_FROM_DEV, 0x10), .status = 0, .value = 3}),
              vectors::nnc_deactivate_from_dev);
}

NncActivateToDev activate_to_dev()
{
    const auto layout = *fifo_layout(512);
    return {.head = head(NncType::ACTIVATE_TO_DEV, 0x28),
            .request_fifo = 0x100000000,
            .response_fifo = 0x100000000 + layout.response_offset,
            .request_elements = 512,
            .response_elements = 512,
            .buffer_bytes = static_cast<std::uint32_t>(layout.bytes),
            .options = 0};
}

TEST(Vectors, NncMessages)
{
    EXPECT_EQ(nnc(0, 1, 0, -1, head(NncType::STATUS_TO_DEV, 8)), vectors::nnc_status);
    EXPECT_EQ(nnc(0, 1, 0, -1,
                  NncStatusFromDev{.head = head(NncType::STATUS_FROM_DEV, 0x18),
                                   .major = 5,
                                   .minor = 0,
                                   .status = 0,
                                   .flags = nnc_flags::CRC}),
              vectors::nnc_status_reply);
    EXPECT_EQ(nnc(1, 1, 7, -1, activate_to_dev()), vectors::nnc_activate_alone);
    EXPECT_EQ(
        nnc(2, 1, 7, 0,
            NncTerminateToDev{.head = head(NncType::TERMINATE_TO_DEV, 0x10), .handle = 7, .reserved = 0}),
        vectors::nnc_terminate);
    EXPECT_EQ(nnc(5, 1, 7, 0,
                  NncStatusWord{.head = head(NncType::TERMINATE_FROM_DEV, 0x10), .status = 0, .value = 0}),
              vectors::nnc_terminate_reply);
}

TEST(Vectors, NncActivation)
{
    Activate req{};
    req.type = 9, req.process_id = 1234, req.elf_id = 1, req.reservation_id = -1, req.vc_setup = 1;
    req.vc_reservation_id = -1, req.initial_state = 1;
    EXPECT_EQ(nnc(3, 2, 7, -1, head(NncType::PASSTHROUGH_TO_DEV, nnc_passthrough_extra + sizeof(Activate)),
                  req, le64(0), activate_to_dev()),
              vectors::nnc_activate);
    ActivateResp resp{};
    resp.type = 10, resp.activation_id = 1, resp.vc_id = 3, resp.ddr_base = 0x100000000,
    resp.mcid_base = 0x200000000;
    resp.cmd_doorbell_length = 3, resp.nsp_mask = 1;
    EXPECT_EQ(nnc(3, 2, 7, -1, head(NncType::PASSTHROUGH_FROM_DEV, 8 + sizeof(ActivateResp)), resp,
                  NncActivateFromDev{
                      .head = head(NncType::ACTIVATE_FROM_DEV, 0x18), .status = 0, .dbc = 3, .options = 0}),
              vectors::nnc_activate_reply);
    EXPECT_EQ(nnc(4, 1, 7, -1, head(NncType::PASSTHROUGH_TO_DEV, nnc_passthrough_extra + sizeof(Deactivate)),
                  Deactivate{.type = 11, .activation_id = 1, .vc_teardown = 1, .pad = 0}, le64(0)),
              vectors::nnc_deactivate);
    EXPECT_EQ(nnc(4, 2, 7, -1, head(NncType::PASSTHROUGH_FROM_DEV, 8 + sizeof(StatusResp)),
                  StatusResp{.type = 12, .status = 0},
                  NncStatusWord{.head = head(NncType::DEACTIVATE_FROM_DEV, 0x10), .status = 0, .value = 3}),
              vectors::nnc_deactivate_reply);
}

TEST(Vectors, DmaBridge)
{
    RequestElement e{};
    e.req_id = 0x12;
    e.cmd = req_cmd::RESPONSE | req_cmd::BULK | req_cmd::TO_DEVICE;
    e.source = 0x123456000, e.destination = 0x180000000, e.length = 4096;
    e.doorbell_addr = 0x200000010, e.doorbell_attr = doorbell_attr::WRITE | doorbell_attr::BITS32,
    e.doorbell_data = 0xcafebabe;
    e.sem[0] = sem_word::make(static_cast<std::uint32_t>(SemOp::WAIT_EQUAL), 0, 4, true);
    e.sem[1] = sem_word::make(static_cast<std::uint32_t>(SemOp::INIT), 0, 0, false);
    EXPECT_EQ(wire(e), vectors::dbc_request);
    EXPECT_EQ(wire(ResponseElement{.req_id = 0x12, .code = 0}), vectors::dbc_response);

    RequestElement piece{};
    piece.req_id = 5, piece.cmd = req_cmd::BULK | req_cmd::FROM_DEVICE;
    piece.source = 0x180002000, piece.destination = 0x7000, piece.length = 0x1000;
    EXPECT_EQ(wire(piece), vectors::dbc_split0);
    piece.cmd |= req_cmd::RESPONSE;
    piece.source = 0x180003000, piece.destination = 0x9000, piece.length = 0x800;
    piece.sem[0] = sem_word::FENCE_FROM_DEVICE;
    EXPECT_EQ(wire(piece), vectors::dbc_split1);
}

TEST(Vectors, FifoLayoutTable) // 4.8
{
    const std::tuple<std::uint32_t, std::uint64_t, std::uint64_t> rows[] = {
        {1, 0x1000, 0x0ffc},         {16, 0x1000, 0x0fc0},       {32, 0x1000, 0x0f80},
        {64, 0x2000, 0x1f00},        {128, 0x3000, 0x2e00},      {256, 0x5000, 0x4c00},
        {512, 0x9000, 0x8800},       {1024, 0x12000, 0x11000},   {4096, 0x45000, 0x41000},
        {32768, 0x221000, 0x201000}, {65536, 0x441000, 0x401000}};
    for (const auto& [n, bytes, response] : rows) {
        const auto l = fifo_layout(n);
        ASSERT_TRUE(l);
        EXPECT_EQ(l->bytes, bytes) << n;
        EXPECT_EQ(l->response_offset, response) << n;
    }
    EXPECT_FALSE(fifo_layout(0));
    EXPECT_FALSE(fifo_layout(65537));
}

TEST(Registers, TablesAgreeWithTheirConstantsAndDoNotOverlap)
{
    for (const auto table : {mhi_registers(), bhi_registers(), dbc_registers()})
        for (std::size_t i = 1; i < table.size(); ++i) {
            EXPECT_GT(table[i].offset, table[i - 1].offset) << table[i].name;
            EXPECT_EQ(table[i].offset % 4, 0u);
        }
    EXPECT_EQ(mhi_reg::MHISTATUS, 0x48u);
    EXPECT_EQ(dbc_offset(15), 0x2f000u);
    EXPECT_EQ(mhictrl_state.set(0xffffffff, 2), 0xffff02ffu);
    EXPECT_EQ(mhictrl_reset.mask(), 2u);
    EXPECT_EQ(bhi_status_state.put(2), 0x80000000u);
    EXPECT_EQ(channel_info(11)->name, "QAIC_CONTROL");
    EXPECT_EQ(channel_info(26), nullptr);
    EXPECT_EQ(aic100::to_string(MhiState::SYS_ERR), "SYS_ERR");
}
} // namespace
