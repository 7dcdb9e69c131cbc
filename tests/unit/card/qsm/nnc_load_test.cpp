// SPDX-License-Identifier: BSD-3-Clause
// Load commands with their DMA_XFER, continuation and abort. aic100-device.md 4.7, aic100-workload.md 3
#include "rig.hpp"

namespace qsm_test {
namespace {
using aic100::NncType;

aic100::LoadElf elf_command(std::uint64_t bytes, std::uint32_t tag = 100)
{
    aic100::LoadElf c{};
    c.type = 3;
    c.tag = tag;
    c.data_length = bytes;
    return c;
}
struct Staged {
    std::uint64_t at, bytes;
};
Staged stage(Rig& rig, ConstSpan bytes)
{
    const Staged s{rig.host_memory(bytes.size()), bytes.size()};
    std::memcpy(rig.host.at(s.at), bytes.data(), bytes.size());
    return s;
}
/// `bytes` from `at` in `count` pieces.
std::vector<Rig::Pair> pieces(Staged s, std::size_t count)
{
    std::vector<Rig::Pair> out;
    for (std::size_t i = 0; i < count; ++i) {
        const auto from = s.bytes * i / count, to = s.bytes * (i + 1) / count;
        out.push_back({s.at + from, to - from});
    }
    return out;
}
std::int32_t load_status(Rig& rig, const Bytes& xfer, std::uint64_t length)
{
    return rig.call({Rig::passthrough(bytes_of(elf_command(length))), xfer})
        .response<aic100::LoadResp>()
        .status;
}

TEST(NncLoad, ElfFromManyPairs)
{
    Rig rig;
    rig.handshake();
    const auto s = stage(rig, elf_of(echo_program(64)));
    EXPECT_EQ(load_status(rig, Rig::dma_xfer(100, pieces(s, 100)), s.bytes), 0);
}

TEST(NncLoad, SizesTagsAndAddressesAreChecked)
{
    Rig rig;
    rig.handshake();
    const auto s = stage(rig, elf_of(echo_program(64)));
    EXPECT_EQ(load_status(rig, Rig::dma_xfer(99, pieces(s, 1)), s.bytes), -6);
    EXPECT_EQ(load_status(rig, Rig::dma_xfer(100, pieces(s, 1)), s.bytes + 1), -6);
    EXPECT_EQ(load_status(rig, Rig::dma_xfer(100, pieces(s, 1)), s.bytes - 1), -6);
    EXPECT_EQ(load_status(rig, Rig::dma_xfer(100, {}), s.bytes), -6);
    EXPECT_EQ(load_status(rig, Rig::dma_xfer(100, {{s.at, 0}, {s.at, s.bytes}}), s.bytes), -6);
    EXPECT_EQ(load_status(rig, Rig::dma_xfer(100, {{s.at, ~0ull}}), s.bytes), -6);
    EXPECT_EQ(load_status(rig, Rig::dma_xfer(100, {{0x10, s.bytes}}), s.bytes), -1);
    EXPECT_EQ(load_status(rig, Rig::dma_xfer(100, {}), 0), -6);
    EXPECT_EQ(load_status(rig, Rig::dma_xfer(100, pieces(s, 1)), 33ull << 30), -4);
    EXPECT_EQ(rig.command<aic100::LoadResp>(elf_command(s.bytes)).status, -6); // no DMA_XFER at all
    // None of them left memory behind.
    aic100::ResourceInfo query{32u, 0u, -1, 0u};
    EXPECT_EQ(rig.command<aic100::ResourceInfoResp>(query).block.dram_free_mb, 32768u);
    EXPECT_EQ(load_status(rig, Rig::dma_xfer(100, pieces(s, 1)), s.bytes), 0);
}

TEST(NncLoad, PairCountBeyondTheTransaction)
{
    Rig rig;
    rig.handshake();
    auto xfer = Rig::dma_xfer(100, {{FakeHost::base, 8}});
    const le32 count = 0x10000001;
    std::memcpy(xfer.data() + 12, &count, 4);
    const auto reply = rig.call({Rig::passthrough(bytes_of(elf_command(8))), xfer});
    EXPECT_EQ(reply.transactions[0].first, NncType::STATUS_FROM_DEV);
    EXPECT_NE(reply.as<aic100::NncStatusFromDev>(0).status, 0u);
}

TEST(NncLoad, ContinuationOverMoreThan4028Pairs)
{
    Rig rig;
    rig.handshake();
    Bytes constants(5 * 4096 + 100);
    for (std::size_t i = 0; i < constants.size(); ++i) constants[i] = static_cast<std::byte>(i * 31 >> 3);
    const auto s = stage(rig, constants);
    const auto all = pieces(s, 9000); // 4021 with the command, then 4028, then the rest
    aic100::LoadConstants c{};
    c.type = 1;
    c.tag = 300;
    c.data_length = s.bytes;
    const auto part = [&](std::size_t from, std::size_t to) {
        return std::vector(all.begin() + static_cast<std::ptrdiff_t>(from),
                           all.begin() + static_cast<std::ptrdiff_t>(to));
    };
    const auto sum = [&](std::size_t to) { return s.bytes * to / 9000; };

    // A second command in the message, to see that it is carried out once, at the end.
    aic100::ResourceInfo query{32u, 0u, -1, 0u};
    auto reply = rig.call({Rig::passthrough(bytes_of(c)), Rig::dma_xfer(300, part(0, 4000), 5),
                           Rig::passthrough(bytes_of(query))});
    ASSERT_EQ(reply.transactions.size(), 1u);
    ASSERT_EQ(reply.transactions[0].first, NncType::DMA_XFER_CONT);
    EXPECT_EQ(reply.as<aic100::NncDmaCont>(0).chunk_id, 5u);
    EXPECT_EQ(reply.as<aic100::NncDmaCont>(0).transferred, sum(4000));

    reply = rig.call({Rig::dma_xfer(300, part(4000, 8028), 5)});
    ASSERT_EQ(reply.transactions.size(), 1u);
    EXPECT_EQ(reply.as<aic100::NncDmaCont>(0).transferred, sum(8028));

    reply = rig.call({Rig::dma_xfer(300, part(8028, 9000), 5)});
    ASSERT_EQ(reply.transactions.size(), 2u);
    EXPECT_EQ(reply.response<aic100::LoadResp>().status, 0);
    EXPECT_EQ(reply.response<aic100::ResourceInfoResp>(1).status, 0);
    const auto id = reply.response<aic100::LoadResp>().id;
    EXPECT_NE(id, 0u);

    // And the bytes are right: a program whose checksum runs over nothing else is not needed, loading the
    // same way an ELF that then runs is.
    const auto elf = elf_of(echo_program(64));
    const auto e = stage(rig, elf);
    const auto pairs = pieces(e, 1000);
    const std::vector first(pairs.begin(), pairs.begin() + 400), rest(pairs.begin() + 400, pairs.end());
    reply = rig.call({Rig::passthrough(bytes_of(elf_command(e.bytes))), Rig::dma_xfer(100, first, 6)});
    EXPECT_EQ(reply.transactions[0].first, NncType::DMA_XFER_CONT);
    reply = rig.call({Rig::dma_xfer(100, rest, 6)});
    EXPECT_EQ(reply.response<aic100::LoadResp>().status, 0);
    EXPECT_EQ(rig.activate(reply.response<aic100::LoadResp>().id).resp.status, 0);
}

TEST(NncLoad, AbortDropsThePartialObject)
{
    Rig rig;
    rig.handshake();
    const auto s = stage(rig, elf_of(echo_program(64)));
    const auto pairs = pieces(s, 2);
    const auto begin = [&](std::uint32_t handle) {
        return rig.call({Rig::passthrough(bytes_of(elf_command(s.bytes))), Rig::dma_xfer(100, {pairs[0]}, 1)},
                        handle);
    };
    EXPECT_EQ(begin(7).transactions[0].first, NncType::DMA_XFER_CONT);
    auto reply = rig.call({Rig::dma_xfer(0, {}, 1)});
    ASSERT_EQ(reply.transactions.size(), 1u);
    EXPECT_EQ(reply.response<aic100::LoadResp>().type, 4u);
    EXPECT_LT(reply.response<aic100::LoadResp>().status, 0);
    reply = rig.call({Rig::dma_xfer(100, {pairs[1]}, 1)}); // nothing to continue any more
    EXPECT_EQ(reply.transactions[0].first, NncType::STATUS_FROM_DEV);

    EXPECT_EQ(begin(7).transactions[0].first, NncType::DMA_XFER_CONT);
    reply = rig.call({Rig::dma_xfer(100, {pairs[1]}, 1)}, 8); // another user's chunk id 1
    EXPECT_EQ(reply.transactions[0].first, NncType::STATUS_FROM_DEV);
    reply = rig.call({Rig::dma_xfer(100, {pairs[1], pairs[1]}, 1)}); // more than was announced
    EXPECT_EQ(reply.response<aic100::LoadResp>().status, -6);

    EXPECT_EQ(begin(7).transactions[0].first, NncType::DMA_XFER_CONT);
    aic100::NncTerminateToDev end{};
    end.handle = 7;
    rig.call({Rig::transaction(NncType::TERMINATE_TO_DEV, end)}, 7, 0);
    EXPECT_EQ(rig.call({Rig::dma_xfer(100, {pairs[1]}, 1)}).transactions[0].first, NncType::STATUS_FROM_DEV);
}

TEST(NncLoad, OneTransferAMessage)
{
    Rig rig;
    rig.handshake();
    const auto s = stage(rig, elf_of(echo_program(64)));
    const auto x = Rig::dma_xfer(100, pieces(s, 1));
    const auto reply = rig.call({Rig::passthrough(bytes_of(elf_command(s.bytes))), x, x});
    EXPECT_EQ(reply.transactions[0].first, NncType::STATUS_FROM_DEV);
}

struct Ex {
    aic100::LoadConstantsEx head{};
    aic100::ConstantsDescriptor descriptor{};
};
Ex ex_command(std::uint64_t fixed, std::uint64_t dynamic)
{
    Ex c;
    c.head.type = 15;
    c.head.descriptor_length = 24;
    c.descriptor.static_bytes = fixed;
    c.descriptor.dynamic_bytes = dynamic;
    return c;
}
std::int32_t payload(Rig& rig, std::uint32_t id, Staged s, std::uint64_t offset, std::uint64_t length,
                     std::uint32_t handle = 7)
{
    aic100::LoadConstantsPayload c{};
    c.type = 16;
    c.tag = 300;
    c.constants_id = id;
    c.data_length = length;
    c.offset = offset;
    const auto r = rig.call({Rig::passthrough(bytes_of(c)), Rig::dma_xfer(300, pieces(s, 2))}, handle)
                       .response<aic100::LoadResp>();
    EXPECT_EQ(r.type, 2u);
    return r.status;
}

TEST(NncLoad, ConstantsByDescriptorAndPayload)
{
    Rig rig;
    rig.handshake();
    const auto s = stage(rig, Bytes(1000));
    const auto made = rig.command<aic100::LoadResp>(ex_command(1000, 1000));
    EXPECT_EQ(made.type, 2u);
    ASSERT_EQ(made.status, 0);
    EXPECT_EQ(payload(rig, made.id, s, 0, 1000), 0);
    EXPECT_EQ(payload(rig, made.id, s, 1000, 1000), 0);
    EXPECT_EQ(payload(rig, made.id + 9, s, 0, 1000), -19);
    EXPECT_EQ(payload(rig, made.id, s, 0, 1000, 8), -9);
    EXPECT_EQ(payload(rig, made.id, s, 1001, 1000), -6);
    // A failed payload has taken the object with it.
    EXPECT_EQ(rig.command<aic100::StatusResp>(aic100::UnloadId{5u, made.id}).status, -19);
    EXPECT_EQ(rig.command<aic100::LoadResp>(ex_command(0, 0)).status, -6);
    EXPECT_EQ(rig.command<aic100::LoadResp>(ex_command(~0ull, 1)).status, -6);
    EXPECT_EQ(rig.command<aic100::LoadResp>(ex_command(64ull << 30, 1)).status, -4);
    auto cut = ex_command(1, 1);
    cut.head.descriptor_length = 23;
    EXPECT_EQ(rig.command<aic100::LoadResp>(cut).status, -17);
    cut.head.descriptor_length = 1000;
    EXPECT_EQ(rig.command<aic100::LoadResp>(cut).status, -17);
}

TEST(NncLoad, TablesAreFinite)
{
    Rig rig;
    rig.handshake();
    const auto s = stage(rig, elf_of(echo_program(64)));
    for (int i = 0; i < 255; ++i)
        ASSERT_EQ(load_status(rig, Rig::dma_xfer(100, pieces(s, 1)), s.bytes), 0) << i;
    EXPECT_EQ(load_status(rig, Rig::dma_xfer(100, pieces(s, 1)), s.bytes), -20);
    EXPECT_EQ(rig.command<aic100::StatusResp>(aic100::UnloadId{7u, 17u}).status, 0);
    EXPECT_EQ(load_status(rig, Rig::dma_xfer(100, pieces(s, 1)), s.bytes), 0);
}

} // namespace
} // namespace qsm_test
