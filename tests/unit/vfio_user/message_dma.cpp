// SPDX-License-Identifier: BSD-3-Clause
// Memory without a descriptor: DMA_READ and DMA_WRITE to a client that answers well, late, wrongly, or first
// asks for something itself. One thread: the client's answers are written before the session looks for them.
#include "test_client.hpp"
#include "vfio_user/session.hpp"
#include "vfio_user/socket_channel.hpp"
#include <sys/socket.h>
#include <thread>

namespace vfio_test {
namespace {

/// A device with one region of plain bytes.
class Plain final : public Device {
  public:
    [[nodiscard]] Region region(unsigned index) const override
    {
        return index == 0 ? Region{64, region_flag::READ | region_flag::WRITE, -1, 0, {}} : Region{};
    }
    [[nodiscard]] unsigned interrupts(unsigned) const override { return 0; }
    [[nodiscard]] int read(unsigned, std::uint64_t offset, MutSpan to) override
    {
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), to.size(), to.begin());
        return 0;
    }
    [[nodiscard]] int write(unsigned, std::uint64_t offset, ConstSpan from) override
    {
        std::copy(from.begin(), from.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset));
        return 0;
    }
    [[nodiscard]] bool writable(unsigned, std::uint64_t, std::size_t) const override { return true; }
    void armed(unsigned, unsigned) override {}
    [[nodiscard]] bool can_reset() const override { return false; }
    [[nodiscard]] int reset() override { return ENOTSUP; }
    Bytes bytes = Bytes(64);
};

class MessageDma : public testing::Test {
  protected:
    void SetUp() override { connect(50ms); }
    void connect(Nanos limit)
    {
        session.reset();
        int ends[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        client = TestClient(Fd(ends[0]));
        channel = std::make_unique<SocketChannel>(Fd(ends[1]));
        session = std::make_unique<Session>(device, *channel, clock, SessionLimits{limit, 16});
        ask(Command::VERSION, version_body(R"({"capabilities":{"max_data_xfer_size":4096}})"));
        ask(Command::DMA_MAP, bytes_of(DmaMap{32u, 3u, 0ull, 0x1000ull, 0x10000ull}));
    }
    /// A command of the client that the session answers at once.
    void ask(Command command, ConstSpan body)
    {
        ASSERT_TRUE(client.send(command, body));
        ASSERT_TRUE(session->step());
        const auto reply = client.receive();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->error(), 0);
    }
    /// The client's answer to the session's n-th DMA command, sent ahead of time.
    void prepare_reply(Command command, std::uint16_t id, ConstSpan body,
                       std::uint32_t flags = header_flag::REPLY)
    {
        client.send_raw(message(command, body, id, flags));
    }
    static Bytes read_reply(std::uint64_t address, ConstSpan data)
    {
        auto body = to_bytes(DmaAccess{address, data.size()});
        add(body, data);
        return body;
    }
    Plain device;
    qaic::SteadyClock clock;
    std::unique_ptr<SocketChannel> channel;
    std::unique_ptr<Session> session;
    TestClient client;
    Bytes some = Bytes(100, std::byte{0x5a});
};

TEST_F(MessageDma, ReadsAndWritesGoByMessage)
{
    prepare_reply(Command::DMA_READ, 1, read_reply(0x2000, some));
    Bytes got(100);
    EXPECT_TRUE(session->dma_read(0x2000, got));
    EXPECT_EQ(got, some);
    prepare_reply(Command::DMA_WRITE, 2, bytes_of(DmaAccess{0x3000ull, 100ull}));
    EXPECT_TRUE(session->dma_write(0x3000, some));
    const auto read = client.receive(), write = client.receive();
    ASSERT_TRUE(read && write);
    EXPECT_EQ(read->header.command, static_cast<std::uint16_t>(Command::DMA_READ));
    EXPECT_EQ(read_at<DmaAccess>(read->body)->address, 0x2000u);
    EXPECT_EQ(write->body, read_reply(0x3000, some));
}

TEST_F(MessageDma, LongTransfersKeepToThePeersLimit)
{
    const Bytes part(4096, std::byte{3});
    prepare_reply(Command::DMA_READ, 1, read_reply(0x2000, part));
    prepare_reply(Command::DMA_READ, 2, read_reply(0x3000, part));
    prepare_reply(Command::DMA_READ, 3, read_reply(0x4000, ConstSpan(part).first(1)));
    Bytes got(8193);
    EXPECT_TRUE(session->dma_read(0x2000, got));
    EXPECT_EQ(got, Bytes(8193, std::byte{3}));
}

TEST_F(MessageDma, CommandsThatComeFirstAreAnsweredAfterwards)
{
    client.send(Command::REGION_READ, bytes_of(RegionAccess{0ull, 0u, 8u}));
    client.send(Command::DMA_UNMAP, bytes_of(DmaUnmap{24u, 0u, 0x1000ull, 0x10000ull}));
    prepare_reply(Command::DMA_WRITE, 1, bytes_of(DmaAccess{0x2000ull, 100ull}));
    EXPECT_TRUE(session->dma_write(0x2000, some)) << "the unmap waits for the DMA in flight";
    EXPECT_TRUE(session->backlog());
    EXPECT_TRUE(session->step());
    EXPECT_EQ(client.receive()->header.command, static_cast<std::uint16_t>(Command::DMA_WRITE));
    EXPECT_EQ(client.receive()->header.command, static_cast<std::uint16_t>(Command::REGION_READ));
    EXPECT_EQ(client.receive()->header.command, static_cast<std::uint16_t>(Command::DMA_UNMAP));
    EXPECT_FALSE(session->dma_write(0x2000, some));
    EXPECT_FALSE(session->ended());
}

TEST_F(MessageDma, ARefusalFailsTheTransferOnly)
{
    prepare_reply(Command::DMA_READ, 1, {}, header_flag::REPLY | header_flag::ERROR);
    EXPECT_FALSE(session->dma_read(0x2000, some));
    EXPECT_FALSE(session->ended());
    prepare_reply(Command::DMA_READ, 2, read_reply(0x2000, ConstSpan(some).first(99))); // one byte short
    EXPECT_FALSE(session->dma_read(0x2000, some));
    EXPECT_FALSE(session->ended());
}

TEST_F(MessageDma, ForeignRepliesEndTheConnection)
{
    prepare_reply(Command::DMA_READ, 2, read_reply(0x2000, some)); // 1 was asked for
    EXPECT_FALSE(session->dma_read(0x2000, some));
    EXPECT_TRUE(session->ended());
    EXPECT_TRUE(session->misbehaved());
    EXPECT_EQ(session->reason(), "reply with id 2 instead of 1");
    EXPECT_FALSE(session->dma_write(0x2000, some));
}

TEST_F(MessageDma, RepliesToAnotherCommandEndTheConnection)
{
    prepare_reply(Command::DMA_WRITE, 1, read_reply(0x2000, some));
    EXPECT_FALSE(session->dma_read(0x2000, some));
    EXPECT_TRUE(session->ended());
}

TEST_F(MessageDma, SilenceEndsTheConnectionAfterTheLimit)
{
    const auto begin = clock.now();
    EXPECT_FALSE(session->dma_read(0x2000, some));
    EXPECT_TRUE(session->ended());
    EXPECT_EQ(session->reason(), "no reply to a DMA message");
    EXPECT_GE(clock.now() - begin, 50ms);
    EXPECT_LT(clock.now() - begin, 1s);
}

TEST_F(MessageDma, AClientThatGoesInBetweenEndsTheTransferAtOnce)
{
    client.close();
    EXPECT_FALSE(session->dma_read(0x2000, some));
    EXPECT_TRUE(session->ended());
}

TEST_F(MessageDma, AFloodInsteadOfAReplyIsBounded)
{
    connect(20s); // not what ends it
    std::thread flood([this] {
        const auto one = message(Command::DEVICE_RESET, {}, 5, header_flag::NO_REPLY);
        Bytes many;
        for (int i = 0; i < 4000; ++i) add(many, one);
        for (int i = 0; i < 100 && client.send_raw(many); ++i) {
        }
    });
    EXPECT_FALSE(session->dma_read(0x2000, some));
    EXPECT_TRUE(session->ended());
    EXPECT_NE(session->reason().find("unanswered messages"), std::string::npos) << session->reason();
    session.reset();
    channel.reset(); // the flood's sender learns it
    flood.join();
}

TEST_F(MessageDma, AClientThatTakesNoRepliesIsDropped)
{
    const auto one = message(Command::REGION_READ, bytes_of(RegionAccess{0ull, 0u, 64u}));
    for (int i = 0; i < 100'000 && !session->ended(); ++i) {
        ASSERT_TRUE(client.send_raw(one));
        session->step();
    }
    EXPECT_TRUE(session->ended());
    EXPECT_EQ(session->reason(), "client does not take its replies");
}

} // namespace
} // namespace vfio_test
