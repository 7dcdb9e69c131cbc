// SPDX-License-Identifier: BSD-3-Clause
#include "rig.hpp"
#include <numeric>

namespace qsm_test {
using aic100::NncType;

std::uint32_t crc_of(ConstSpan message)
{
    std::uint32_t crc = 0xffffffff;
    for (std::size_t i = 0; i < message.size(); ++i) {
        crc ^= i < 4 ? 0u : static_cast<std::uint32_t>(message[i]);
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320u : 0u);
    }
    return ~crc;
}

Rig::Rig(card::CardConfig c, std::size_t host_bytes)
    : host(host_bytes), window(aic100::bar_dbc_bytes), config(std::move(c))
{
    qsm = std::make_unique<card::Qsm>(config, card::QsmPorts{host, clock, window});
}

Bytes Rig::message(const std::vector<Bytes>& transactions, std::uint32_t handle, std::int32_t partition,
                   bool crc)
{
    aic100::NncHeader h{};
    h.magic = aic100::nnc_magic;
    h.sequence = sequence_++;
    h.count = static_cast<std::uint32_t>(transactions.size());
    h.handle = handle;
    h.partition = partition;
    h.length = static_cast<std::uint32_t>(
        std::accumulate(transactions.begin(), transactions.end(), sizeof h,
                        [](std::size_t n, const Bytes& t) { return n + t.size(); }));
    Bytes out;
    append(out, h);
    for (const auto& t : transactions) out.insert(out.end(), t.begin(), t.end());
    const le32 sum = crc ? crc_of(out) : 0;
    std::memcpy(out.data(), &sum, sizeof sum);
    return out;
}

ReplyView Rig::call(const std::vector<Bytes>& transactions, std::uint32_t handle, std::int32_t partition)
{
    const auto request = message(transactions, handle, partition);
    const auto bytes = qsm->control(request);
    ReplyView v;
    if (!bytes) {
        ADD_FAILURE() << "no reply";
        return v;
    }
    v.header = read_at<aic100::NncHeader>(*bytes).value();
    EXPECT_EQ(v.header.magic, aic100::nnc_magic);
    EXPECT_EQ(v.header.sequence, sequence_ - 1);
    EXPECT_EQ(v.header.length, bytes->size());
    EXPECT_LE(bytes->size(), aic100::nnc_max_from_device);
    EXPECT_EQ(v.header.handle, handle);
    EXPECT_EQ(v.header.partition, partition);
    EXPECT_EQ(v.header.crc, config.crc_in_use ? crc_of(*bytes) : 0);
    std::size_t at = sizeof v.header;
    for (std::uint32_t i = 0; i < v.header.count; ++i) {
        const auto t = read_at<aic100::NncTransaction>(*bytes, at).value();
        v.transactions.emplace_back(static_cast<NncType>(t.type.get()),
                                    Bytes(bytes->begin() + static_cast<std::ptrdiff_t>(at),
                                          bytes->begin() + static_cast<std::ptrdiff_t>(at + t.length)));
        at += t.length;
    }
    EXPECT_EQ(at, bytes->size());
    return v;
}

void Rig::handshake()
{
    const auto reply = call({bare(static_cast<std::uint32_t>(NncType::STATUS_TO_DEV))}, 0);
    ASSERT_EQ(reply.transactions.size(), 1u);
    EXPECT_EQ(reply.as<aic100::NncStatusFromDev>(0).status, 0u);
}

Bytes Rig::passthrough(ConstSpan command, bool trailing)
{
    Bytes out;
    append(out, aic100::NncTransaction{static_cast<std::uint32_t>(NncType::PASSTHROUGH_TO_DEV),
                                       static_cast<std::uint32_t>(8 + command.size() + (trailing ? 8 : 0))});
    out.insert(out.end(), command.begin(), command.end());
    if (trailing) out.resize(out.size() + 8);
    return out;
}

Bytes Rig::copy(ConstSpan bytes) { return {bytes.begin(), bytes.end()}; }

Bytes Rig::bare(std::uint32_t type, std::uint32_t bytes)
{
    Bytes out(bytes);
    const aic100::NncTransaction head{type, bytes};
    std::memcpy(out.data(), &head, sizeof head);
    return out;
}

Bytes Rig::dma_xfer(std::uint32_t tag, const std::vector<Pair>& pairs, std::uint32_t chunk)
{
    aic100::NncDmaXfer head{};
    head.head = {static_cast<std::uint32_t>(NncType::DMA_XFER_TO_DEV),
                 static_cast<std::uint32_t>(sizeof head + 16 * pairs.size())};
    head.tag = tag;
    head.count = static_cast<std::uint32_t>(pairs.size());
    head.chunk_id = chunk;
    Bytes out;
    append(out, head);
    for (const auto& p : pairs) append(out, aic100::NncDmaPair{p.address, p.size});
    return out;
}

Bytes Rig::activate_to_dev(std::uint64_t base, std::uint32_t n)
{
    const auto layout = aic100::fifo_layout(n).value_or(aic100::FifoLayout{});
    aic100::NncActivateToDev t{};
    t.request_fifo = base;
    t.response_fifo = base + layout.response_offset;
    t.request_elements = t.response_elements = n;
    t.buffer_bytes = static_cast<std::uint32_t>(layout.bytes);
    return transaction(NncType::ACTIVATE_TO_DEV, t);
}

std::uint64_t Rig::host_memory(std::size_t bytes)
{
    const auto at = next_host_;
    next_host_ += (bytes + 4095) / 4096 * 4096;
    EXPECT_LE(next_host_ - FakeHost::base, host.memory.size());
    return at;
}

aic100::LoadResp Rig::load_elf(ConstSpan elf, std::uint32_t handle, std::int32_t partition)
{
    const auto at = host_memory(elf.size());
    std::memcpy(host.at(at), elf.data(), elf.size());
    aic100::LoadElf c{};
    c.type = 3;
    c.tag = aic100::nnc_tag_elf;
    c.data_length = elf.size();
    const auto reply = call({passthrough(bytes_of(c)), dma_xfer(aic100::nnc_tag_elf, {{at, elf.size()}})},
                            handle, partition);
    EXPECT_EQ(reply.transactions.size(), 1u);
    return reply.response<aic100::LoadResp>();
}

aic100::LoadResp Rig::load_constants(ConstSpan bytes, std::uint32_t handle)
{
    const auto at = host_memory(bytes.size());
    std::memcpy(host.at(at), bytes.data(), bytes.size());
    aic100::LoadConstants c{};
    c.type = 1;
    c.tag = aic100::nnc_tag_constants;
    c.data_length = bytes.size();
    return call({passthrough(bytes_of(c)), dma_xfer(aic100::nnc_tag_constants, {{at, bytes.size()}})}, handle)
        .response<aic100::LoadResp>();
}

aic100::Activate Rig::activate_command(std::uint32_t elf, std::uint32_t constants)
{
    aic100::Activate c{};
    c.type = 9;
    c.process_id = 1234;
    c.elf_id = elf;
    c.constants_id = constants;
    c.reservation_id = -1;
    c.vc_setup = 1;
    c.vc_reservation_id = -1;
    c.initial_state = 1;
    return c;
}

ReplyView Rig::try_activate(const aic100::Activate& command, std::uint64_t base, std::uint32_t n,
                            std::uint32_t handle, std::int32_t partition)
{
    return call({passthrough(bytes_of(command)), activate_to_dev(base, n)}, handle, partition);
}

Active Rig::activate(std::uint32_t elf, std::uint32_t constants, std::uint32_t n, std::uint32_t handle)
{
    const auto layout = aic100::fifo_layout(n).value();
    Active a;
    a.n = n;
    a.request_fifo = host_memory(layout.bytes);
    a.response_fifo = a.request_fifo + layout.response_offset;
    const auto reply = try_activate(activate_command(elf, constants), a.request_fifo, n, handle);
    EXPECT_EQ(reply.transactions.size(), 2u);
    a.resp = reply.response<aic100::ActivateResp>();
    EXPECT_EQ(a.resp.status, 0);
    if (reply.transactions.size() != 2) return a;
    EXPECT_EQ(reply.as<aic100::NncActivateFromDev>(1).status, 0u);
    EXPECT_EQ(reply.as<aic100::NncActivateFromDev>(1).dbc, a.resp.vc_id);
    a.dbc = a.resp.vc_id;
    for (std::uint32_t r = 0; r < 16; r += 4) EXPECT_EQ(reg(a.dbc, r), 0u);
    return a;
}

Active Rig::run(const ProgramSpec& spec, std::uint32_t n)
{
    const auto loaded = load_elf(elf_of(spec));
    EXPECT_EQ(loaded.status, 0);
    return activate(loaded.id, 0, n);
}

std::int32_t Rig::deactivate(const Active& a, std::uint32_t handle)
{
    aic100::Deactivate c{};
    c.type = 11;
    c.activation_id = a.resp.activation_id;
    c.vc_teardown = 1;
    const auto reply = call({passthrough(bytes_of(c))}, handle);
    if (reply.transactions.size() == 2) {
        EXPECT_EQ(reply.as<aic100::NncStatusWord>(1).value, a.dbc);
    }
    return reply.response<aic100::StatusResp>().status;
}

std::uint32_t Rig::reg(unsigned dbc, std::uint32_t offset)
{
    auto& word = *reinterpret_cast<std::uint32_t*>(window.data() + aic100::dbc_offset(dbc) + offset);
    return std::atomic_ref(word).load();
}

void Rig::set_reg(unsigned dbc, std::uint32_t offset, std::uint32_t value)
{
    auto& word = *reinterpret_cast<std::uint32_t*>(window.data() + aic100::dbc_offset(dbc) + offset);
    std::atomic_ref(word).store(value);
}

void Rig::submit(Active& a, const std::vector<aic100::RequestElement>& elements)
{
    for (const auto& e : elements) {
        host.put(a.request_fifo + std::uint64_t{a.tail} * 64, e);
        a.tail = (a.tail + 1) % a.n;
    }
    set_reg(a.dbc, aic100::dbc_reg::REQTP, a.tail);
}

void Rig::settle()
{
    for (int i = 0; i < 1'000'000; ++i)
        if (!qsm->poll()) return;
    ADD_FAILURE() << "the card never comes to rest";
}

std::vector<aic100::ResponseElement> Rig::responses(Active& a)
{
    std::vector<aic100::ResponseElement> out;
    const auto tail = reg(a.dbc, aic100::dbc_reg::RSPTP);
    for (; a.head != tail; a.head = (a.head + 1) % a.n)
        out.push_back(host.get<aic100::ResponseElement>(a.response_fifo + std::uint64_t{a.head} * 4));
    set_reg(a.dbc, aic100::dbc_reg::RSPHP, a.head);
    return out;
}

aic100::RequestElement to_device(std::uint16_t id, std::uint64_t iova, std::uint64_t device,
                                 std::uint32_t length)
{
    aic100::RequestElement e{};
    e.req_id = id;
    e.cmd = 0x19;
    e.source = iova;
    e.destination = device;
    e.length = length;
    return e;
}

aic100::RequestElement from_device(std::uint16_t id, std::uint64_t device, std::uint64_t iova,
                                   std::uint32_t length)
{
    auto e = to_device(id, device, iova, length);
    e.cmd = 0x1a;
    return e;
}

aic100::RequestElement no_transfer(std::uint16_t id)
{
    aic100::RequestElement e{};
    e.req_id = id;
    e.cmd = 0x18;
    return e;
}

void add_doorbell(aic100::RequestElement& e, std::uint64_t address, std::uint32_t data, unsigned bits)
{
    e.doorbell_addr = address;
    e.doorbell_attr = static_cast<std::uint8_t>(0x80 | (bits == 32 ? 0 : bits == 16 ? 1 : 2));
    e.doorbell_data = data;
}

} // namespace qsm_test
