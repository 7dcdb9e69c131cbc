// SPDX-License-Identifier: BSD-3-Clause
// reliability.md 5 (d), rows S01 - S05 and S11: what is wrong with a message's frame, order or version.
#include "served_fixture.hpp"

namespace vfio_test {
namespace {

class Frames : public Served {};

ConstSpan first(const Bytes& bytes, std::size_t n) { return ConstSpan(bytes).first(n); }

// ---- S01
TEST_F(Frames, CutMessageThenCloseEndsTheConnectionOnly)
{
    const auto whole = message(Command::REGION_READ, bytes_of(RegionAccess{0ull, region_config, 4u}));
    for (std::size_t n = 1; n < whole.size(); ++n) {
        auto client = attached();
        ASSERT_TRUE(client.send_raw(first(whole, n)));
        client.close();
        ASSERT_TRUE(detached());
    }
    expect_alive();
}

TEST_F(Frames, CutMessageThenSilenceRunsIntoTheLimit)
{
    const auto whole = message(Command::REGION_READ, bytes_of(RegionAccess{0ull, region_config, 4u}));
    for (const std::size_t n : {std::size_t{1}, std::size_t{15}, sizeof(Header), whole.size() - 1}) {
        auto client = attached();
        ASSERT_TRUE(client.send_raw(first(whole, n)));
        const auto begin = std::chrono::steady_clock::now();
        EXPECT_TRUE(client.hung_up()) << n;
        EXPECT_GE(std::chrono::steady_clock::now() - begin, test_message_limit - 20ms);
    }
    EXPECT_TRUE(logged("message not complete for 100 ms"));
    expect_alive();
}

// ---- S11
TEST_F(Frames, OneByteAtATimeDoesNotMoveTheLimit)
{
    auto client = attached();
    const auto whole = message(Command::DEVICE_RESET, {});
    const auto begin = std::chrono::steady_clock::now();
    bool ended = false;
    for (std::size_t i = 0; i < whole.size() && !ended; ++i) {
        client.send_raw(ConstSpan(whole).subspan(i, 1));
        ended = client.hung_up(20ms);
    }
    EXPECT_TRUE(ended);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
    expect_alive();
}

TEST_F(Frames, WhoSaysNothingLosesTheSeat)
{
    TestClient silent(path());
    ASSERT_TRUE(silent.connected());
    EXPECT_TRUE(silent.hung_up());
    EXPECT_TRUE(logged("no VERSION message for 100 ms"));
    expect_alive();
}

TEST_F(Frames, AThousandIdleConnectionsDisturbNobody)
{
    auto client = attached();
    const auto before = open_fds();
    for (int i = 0; i < 1000; ++i) {
        const TestClient idle(path());
        ASSERT_TRUE(idle.connected());
        if (i % 50 == 0) {
            EXPECT_EQ(client.read32(region_config, 0), 0xa10017cbu);
        }
    }
    EXPECT_EQ(client.read32(region_config, 0), 0xa10017cbu);
    EXPECT_TRUE(soon([&] { return open_fds() == before; }));
}

// ---- S02
TEST_F(Frames, ImpossibleSizesEndTheConnectionBeforeAllocating)
{
    for (const std::uint32_t size : {0u, 1u, 15u, max_message + 1, 0x7fffffffu, 0xffffffffu}) {
        auto client = attached();
        const auto before = resident_kib();
        client.send_raw(bytes_of(Header{std::uint16_t{1}, std::uint16_t{9}, size, 0u, 0u}));
        EXPECT_TRUE(client.hung_up()) << size;
        EXPECT_LT(resident_kib(), before + 64 * 1024) << size;
    }
    EXPECT_TRUE(logged("message size 4294967295 outside"));
    expect_alive();
}

TEST_F(Frames, LargestMessageIsTaken)
{
    auto client = attached();
    Bytes body = to_bytes(RegionAccess{0ull, region_config, max_transfer});
    body.resize(body.size() + max_transfer);
    EXPECT_EQ(client.error_of(Command::REGION_WRITE, body), EINVAL); // beyond the region
    EXPECT_EQ(client.read32(region_config, 0), 0xa10017cbu);
}

// ---- S03
TEST_F(Frames, UnknownCommandsAreRefused)
{
    auto client = attached();
    for (const std::uint16_t command : {0, 14, 16, 17, 18, 19, 255, 65535})
        EXPECT_EQ(client.error_of(static_cast<Command>(command)), EINVAL) << command;
    EXPECT_EQ(client.error_of(Command::DMA_READ, bytes_of(DmaAccess{0ull, 4ull})), EINVAL); // our direction
    EXPECT_EQ(client.error_of(Command::DEVICE_GET_REGION_IO_FDS, Bytes(16)), ENOTSUP);
    EXPECT_EQ(client.read32(region_config, 0), 0xa10017cbu);
}

TEST_F(Frames, ReservedFlagsAreRefused)
{
    auto client = attached();
    for (const std::uint32_t flags : {2u, 15u, header_flag::ERROR, 1u << 6, 1u << 31, 0xffffffc0u}) {
        ASSERT_TRUE(
            client.send(Command::REGION_READ, bytes_of(RegionAccess{0ull, region_config, 4u}), {}, flags));
        const auto reply = client.receive();
        ASSERT_TRUE(reply) << flags;
        EXPECT_EQ(reply->error(), EINVAL) << flags;
    }
}

TEST_F(Frames, NoReplyMeansNoneNotEvenAnError)
{
    auto client = attached();
    ASSERT_TRUE(client.send(Command::DMA_UNMAP, Bytes(3), {}, header_flag::NO_REPLY));
    ASSERT_TRUE(client.send(Command::REGION_READ, bytes_of(RegionAccess{0ull, region_config, 4u}), {},
                            header_flag::NO_REPLY));
    EXPECT_EQ(client.read32(region_config, 0), 0xa10017cbu); // call() insists on its own id
}

TEST_F(Frames, ArgszMustHoldTheReply)
{
    auto client = attached();
    for (const std::uint32_t argsz : {0u, 15u, max_message + 1, 0xffffffffu}) {
        EXPECT_EQ(client.error_of(Command::DEVICE_GET_INFO, bytes_of(DeviceInfo{argsz, 0u, 0u, 0u})), EINVAL);
        EXPECT_EQ(client.error_of(Command::DEVICE_GET_IRQ_INFO, bytes_of(IrqInfo{argsz, 0u, irq_msi, 0u})),
                  EINVAL);
        EXPECT_EQ(client.error_of(Command::DEVICE_GET_REGION_INFO,
                                  bytes_of(RegionInfo{argsz, 0u, 0u, 0u, 0ull, 0ull})),
                  EINVAL);
        EXPECT_EQ(client.error_of(Command::DMA_UNMAP, bytes_of(DmaUnmap{argsz, 0u, 0ull, 4096ull})), EINVAL);
        EXPECT_EQ(client.error_of(Command::DMA_MAP, bytes_of(DmaMap{argsz, 3u, 0ull, 0ull, 4096ull})),
                  EINVAL);
    }
    EXPECT_EQ(client.error_of(Command::DMA_MAP, bytes_of(DmaMap{33u, 3u, 0ull, 0ull, 4096ull})), EINVAL);
}

TEST_F(Frames, BodiesOfTheWrongLengthAreRefused)
{
    auto client = attached();
    constexpr Command commands[] = {Command::DMA_MAP,
                                    Command::DMA_UNMAP,
                                    Command::DEVICE_GET_INFO,
                                    Command::DEVICE_GET_REGION_INFO,
                                    Command::DEVICE_GET_IRQ_INFO,
                                    Command::REGION_READ,
                                    Command::REGION_WRITE_MULTI,
                                    Command::DEVICE_SET_IRQS};
    for (const auto command : commands)
        for (std::size_t n = 0; n < 48; ++n) {
            Bytes body(n, std::byte{0x77});
            EXPECT_NE(client.error_of(command, body), 0) << static_cast<int>(command) << " " << n;
        }
    EXPECT_EQ(client.error_of(Command::DEVICE_RESET, Bytes(1)), EINVAL);
    EXPECT_EQ(client.read32(region_config, 0), 0xa10017cbu);
}

// ---- S04
TEST_F(Frames, UnaskedRepliesEndTheConnection)
{
    for (const auto command : {Command::DMA_READ, Command::DMA_WRITE, Command::REGION_READ}) {
        auto client = attached();
        client.send(command, bytes_of(DmaAccess{0ull, 0ull}), {}, header_flag::REPLY);
        EXPECT_TRUE(client.hung_up());
    }
    EXPECT_TRUE(logged("reply to nothing"));
    expect_alive();
}

// ---- S05
TEST_F(Frames, AnythingBeforeVersionEndsTheConnection)
{
    for (std::uint16_t command = 2; command <= 15; ++command) {
        TestClient client(path());
        ASSERT_TRUE(client.send(static_cast<Command>(command), Bytes(32)));
        const auto reply = client.receive();
        ASSERT_TRUE(reply) << command;
        EXPECT_EQ(reply->error(), EINVAL);
        EXPECT_TRUE(client.hung_up());
        ASSERT_TRUE(detached());
    }
}

TEST_F(Frames, VersionTwiceEndsTheConnection)
{
    auto client = attached();
    EXPECT_EQ(client.error_of(Command::VERSION, version_body("{}")), EINVAL);
    EXPECT_TRUE(client.hung_up());
    EXPECT_TRUE(logged("VERSION again"));
}

TEST_F(Frames, BadVersionsAreRefused)
{
    const auto caps = [](const std::string& inside) {
        return version_body(R"({"capabilities":{)" + inside + "}}");
    };
    auto no_nul = version_body("{}");
    no_nul.pop_back();
    Bytes two_nuls = version_body("{}");
    two_nuls.push_back(std::byte{0});
    const Bytes bad[] = {
        {},
        Bytes(3),
        version_body("{}", 1),
        version_body("{}", 0xffff),
        no_nul,
        two_nuls,
        version_body(""),
        version_body("{"),
        version_body("[]"),
        version_body("7"),
        version_body("nonsense"),
        version_body(R"({"capabilities":7})"),
        version_body(R"({"capabilities":[]})"),
        caps(R"("max_msg_fds":0)"),
        caps(R"("max_msg_fds":1000000000)"),
        caps(R"("max_msg_fds":-1)"),
        caps(R"("max_msg_fds":"8")"),
        caps(R"("max_msg_fds":1.5)"),
        caps(R"("max_msg_fds":18446744073709551616)"),
        caps(R"("max_data_xfer_size":0)"),
        caps(R"("max_data_xfer_size":-5)"),
        caps(R"("max_data_xfer_size":null)"),
        caps(R"("max_dma_maps":0)"),
        caps(R"("pgsizes":"big")"),
        caps(R"("write_multiple":1)"),
        version_body(std::string(4096, ' ') + "{}"),
        version_body(std::string(4000, '[')),
    };
    for (const auto& body : bad) {
        TestClient client(path());
        ASSERT_TRUE(client.send(Command::VERSION, body));
        const auto reply = client.receive();
        ASSERT_TRUE(reply) << body.size();
        EXPECT_EQ(reply->error(), EINVAL)
            << std::string(reinterpret_cast<const char*>(body.data()), body.size());
        EXPECT_TRUE(client.hung_up());
        ASSERT_TRUE(detached());
    }
    expect_alive();
}

TEST_F(Frames, VersionDataIsOptional)
{
    TestClient client(path());
    const auto reply = client.call(Command::VERSION, bytes_of(Version{std::uint16_t{0}, std::uint16_t{0}}));
    EXPECT_EQ(reply.error(), 0);
    EXPECT_EQ(reply.body.size(), sizeof(Version));
    EXPECT_EQ(client.read32(region_config, 0), 0xa10017cbu);
    // Not agreed on, so not there.
    Bytes multi = to_bytes(le64{1});
    append(multi, MultiWrite{4ull, region_config, 1u, {}});
    EXPECT_EQ(client.error_of(Command::REGION_WRITE_MULTI, multi), EINVAL);
}

} // namespace
} // namespace vfio_test
