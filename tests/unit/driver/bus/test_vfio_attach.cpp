// SPDX-License-Identifier: BSD-3-Clause
// A hostile server: each of its lies ends the attach in one line, in bounded time, and leaves nothing behind.
// reliability.md S18
#include "leak_check.hpp"
#include "qaic/bus/vfio_user.hpp"
#include "vfio_server.hpp"
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace test {
namespace {
using namespace qaic;
using namespace vfio_user;

// Long enough for an answer on a busy machine; where none comes, the test waits for it.
constexpr Nanos patience = 2s, impatience = 300ms;

Result<std::unique_ptr<VfioUserLink>> attach(VfioServer& server, Nanos message = patience)
{
    return VfioUserLink::over(server.client_end(), "test", {message, 20ms});
}

struct Lie {
    const char* name;
    const char* said; ///< part of the error's line
    VfioServer::Spoil spoil;
    std::function<void(ServerFacts&)> facts = [](ServerFacts&) {};
    Nanos limit = patience;
};
std::ostream& operator<<(std::ostream& out, const Lie& lie) { return out << lie.name; }

auto on(Command command, std::function<void(Exchange&)> act)
{
    return [command, act](Exchange& x) {
        if (x.command() == command && (x.request.flags & header_flag::TYPE_MASK) == 0) act(x);
    };
}
/// On the complete answer about BAR 2.
auto on_bar2(std::function<void(Exchange&)> act)
{
    return on(Command::DEVICE_GET_REGION_INFO, [act](Exchange& x) {
        if (read_at<RegionInfo>(x.body)->index == 2 && x.answer.size() > sizeof(RegionInfo)) act(x);
    });
}
RegionInfo& info(Exchange& x) { return x.answer_as<RegionInfo>(); }
SparseMmap& sparse(Exchange& x) { return x.answer_as<SparseMmap>(sizeof(RegionInfo)); }
SparseArea& area(Exchange& x) { return x.answer_as<SparseArea>(sizeof(RegionInfo) + sizeof(SparseMmap)); }
/// The same with an answer that is `more` bytes longer, and announced so.
auto on_longer_bar2(std::uint32_t more, std::function<void(Exchange&)> act)
{
    return on(Command::DEVICE_GET_REGION_INFO, [more, act](Exchange& x) {
        if (read_at<RegionInfo>(x.body)->index != 2) return;
        info(x).argsz = info(x).argsz + more;
        if (x.answer.size() > sizeof(RegionInfo)) act(x);
    });
}
auto version_text(std::string text)
{
    return [text](ServerFacts& f) { f.version = text; };
}
void send_two_mebibyte_pipe(Exchange& x)
{
    static const vfu::Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    x.send_fds = {null.get()};
}
void send_many(Exchange& x) { x.send_fds.assign(9, x.send_fds.at(0)); }

const Lie lies[] = {
    {"MajorVersion", "speaks 1.1",
     on(Command::VERSION, [](Exchange& x) { x.answer_as<Version>().major = 1; })},
    {"MinorVersion", "speaks 0.2",
     on(Command::VERSION, [](Exchange& x) { x.answer_as<Version>().minor = 2; })},
    {"VersionShort", "speaks 0.0", on(Command::VERSION, [](Exchange& x) { x.answer.resize(3); })},
    {"VersionNoNul", "final NUL", on(Command::VERSION, [](Exchange& x) { x.answer.pop_back(); })},
    {"VersionHuge", "limit 4096", on(Command::VERSION, [](Exchange& x) { x.answer.resize(5000); })},
    {"VersionNoJson", "not a JSON object", {}, version_text("{\"capabilities\":")},
    {"VersionArray", "not a JSON object", {}, version_text("[1,2]")},
    {"VersionNested", "not a JSON object", {}, version_text(std::string(4000, '['))},
    {"CapabilitiesText", "capabilities are not an object", {}, version_text(R"({"capabilities":7})")},
    {"MaxFdsZero", "max_msg_fds", {}, version_text(R"({"capabilities":{"max_msg_fds":0}})")},
    {"MaxFdsNegative", "max_msg_fds", {}, version_text(R"({"capabilities":{"max_msg_fds":-4}})")},
    {"MaxFdsText", "max_msg_fds", {}, version_text(R"({"capabilities":{"max_msg_fds":"8"}})")},
    {"TransferTiny", "max_data_xfer_size", {}, version_text(R"({"capabilities":{"max_data_xfer_size":4}})")},
    {"MapsZero", "max_dma_maps", {}, version_text(R"({"capabilities":{"max_dma_maps":0}})")},
    {"VersionRefused", "server refuses: Device or resource busy",
     on(Command::VERSION, [](Exchange& x) { x.fail(EBUSY); })},
    {"VersionHangUp", "another client is attached",
     on(Command::VERSION, [](Exchange& x) { x.hang_up = true; })},
    {"VersionSilent", "VERSION: server does not answer within 300 ms",
     on(Command::VERSION, [](Exchange& x) { x.silent = true; }), [](ServerFacts&) {}, impatience},

    {"WrongId", "id 3", on(Command::DEVICE_GET_INFO, [](Exchange& x) { x.header.id = 3; })},
    {"WrongCommand", "reply of type 1 to command 7",
     on(Command::DEVICE_GET_INFO, [](Exchange& x) { x.header.command = 7; })},
    {"WrongType", "reply of type 2", on(Command::DEVICE_GET_INFO, [](Exchange& x) { x.header.flags = 2; })},
    {"SizeBelowHeader", "message size got=15",
     on(Command::DEVICE_GET_INFO, [](Exchange& x) { x.header.size = 15; })},
    {"SizeHuge", "message size got=4294967295",
     on(Command::DEVICE_GET_INFO, [](Exchange& x) { x.header.size = 0xffffffff; })},
    {"SizeMoreThanSent", "does not answer within 300 ms",
     on(Command::DEVICE_GET_INFO, [](Exchange& x) { x.header.size = 32, x.answer.resize(8); }),
     [](ServerFacts&) {}, impatience},
    {"ReplyTooLong", "reply of 64 bytes, limit 16",
     on(Command::DEVICE_GET_INFO, [](Exchange& x) { x.answer.resize(64); })},
    {"ReplyEmpty", "reply of 0 bytes", on(Command::DEVICE_GET_INFO, [](Exchange& x) { x.answer.clear(); })},
    {"ArgszSmall", "GET_INFO", on(Command::DEVICE_GET_INFO, [](Exchange& x) { x.answer_as<le32>() = 8u; })},
    {"ErrorZero", "error number got=0", on(Command::DEVICE_GET_INFO, [](Exchange& x) { x.fail(0); })},
    {"ErrorNegative", "error number got=4294967274",
     on(Command::DEVICE_GET_INFO, [](Exchange& x) { x.fail(static_cast<std::uint32_t>(-22)); })},
    {"ErrorHuge", "error number got=4096", on(Command::DEVICE_GET_INFO, [](Exchange& x) { x.fail(4096); })},
    {"ErrorPlain", "server refuses: Invalid argument",
     on(Command::DEVICE_GET_INFO, [](Exchange& x) { x.fail(EINVAL); })},
    {"ErrorWithTail", "server refuses",
     on(Command::DEVICE_GET_INFO, [](Exchange& x) { x.fail(EINVAL), x.answer.resize(9000); })},
    {"NeverAnswers", "GET_INFO: server does not answer within 300 ms",
     on(Command::DEVICE_GET_INFO, [](Exchange& x) { x.silent = true; }), [](ServerFacts&) {}, impatience},
    {"HangsUp", "server closed the connection",
     on(Command::DEVICE_GET_INFO, [](Exchange& x) { x.hang_up = true; })},
    {"TooManyFds", "more file descriptors than 8", on_bar2(send_many)},
    {"NotPci", "not a PCI device",
     on(Command::DEVICE_GET_INFO, [](Exchange& x) { x.answer_as<DeviceInfo>().flags = 1u; })},
    {"FewRegions", "2 regions",
     on(Command::DEVICE_GET_INFO, [](Exchange& x) { x.answer_as<DeviceInfo>().regions = 2u; })},
    {"OtherDevice", "8086:1234", {}, [](ServerFacts& f) { f.vendor_device = 0x12348086; }},
    {"ReadShort", "REGION_READ of 4 bytes answered",
     on(Command::REGION_READ, [](Exchange& x) { x.answer.resize(18); })},
    {"ReadCount", "REGION_READ",
     on(Command::REGION_READ, [](Exchange& x) { x.answer_as<RegionAccess>().count = 0xffffffff; })},

    {"Bar0Small", "MHI BAR 0 has 2048 bytes", {}, [](ServerFacts& f) { f.bar_bytes[0] = 2048; }},
    {"Bar0Huge", "MHI BAR 0", {}, [](ServerFacts& f) { f.bar_bytes[0] = 1ull << 62; }},
    {"Bar1There", "BAR 1 has 4096", {}, [](ServerFacts& f) { f.bar_bytes[1] = 4096; }},
    {"Bar2Half", "DMA Bridge BAR 2 has", {}, [](ServerFacts& f) { f.bar_bytes[2] = 1u << 20; }},
    {"Bar2Huge", "DMA Bridge BAR 2 has", {}, [](ServerFacts& f) { f.bar_bytes[2] = 1ull << 40; }},
    {"Bar4Gone", "spare BAR 4", {}, [](ServerFacts& f) { f.bar_bytes[4] = 0; }},
    {"Bar0ReadOnly", "not readable and writable",
     on(Command::DEVICE_GET_REGION_INFO,
        [](Exchange& x) {
            if (info(x).index == 0) info(x).flags = region_flag::READ;
        })},
    {"OtherRegion", "reply is about region 7", on_bar2([](Exchange& x) { info(x).index = 7u; })},
    {"RegionArgszHuge", "argsz got=4294967295",
     on(Command::DEVICE_GET_REGION_INFO, [](Exchange& x) { info(x).argsz = 0xffffffff; })},
    {"RegionArgszZero", "argsz got=0",
     on(Command::DEVICE_GET_REGION_INFO, [](Exchange& x) { info(x).argsz = 0u; })},
    {"RegionShort", "reply of 20 bytes",
     on(Command::DEVICE_GET_REGION_INFO, [](Exchange& x) { x.answer.resize(20); })},
    {"RegionWraps", "wraps", on_bar2([](Exchange& x) { info(x).fd_offset = ~0ull; })},

    {"CapOutside", "capability 0 got=0x10000", on_bar2([](Exchange& x) { info(x).cap_offset = 0x10000u; })},
    {"CapInsideHead", "capability 0", on_bar2([](Exchange& x) { info(x).cap_offset = 8u; })},
    {"CapLoop", "capability 1", on_bar2([](Exchange& x) { sparse(x).header.next = 32u; })},
    {"CapLoopBack", "capability 1", on_bar2([](Exchange& x) { sparse(x).header.next = 31u; })},
    {"CapNextOutside", "capability 1", on_bar2([](Exchange& x) { sparse(x).header.next = 0xfffffff0; })},
    {"CapCutShort", "sparse area 0 is cut short", on_bar2([](Exchange& x) { x.answer.resize(60); })},
    {"AreasMany", "sparse areas got=4294967295", on_bar2([](Exchange& x) { sparse(x).areas = 0xffffffff; })},
    {"AreasTwo", "sparse area 1 is cut short", on_bar2([](Exchange& x) { sparse(x).areas = 2u; })},
    {"AreaOutside", "sparse area 0 got", on_bar2([](Exchange& x) { area(x).offset = 0x1f8000ull; })},
    {"AreaWraps", "sparse area 0 got", on_bar2([](Exchange& x) { area(x).size = ~0xfffull; })},
    {"AreaUnaligned", "sparse area 0 got", on_bar2([](Exchange& x) { area(x).offset = 0x20004ull; })},
    {"AreaEmpty", "sparse area 0 got", on_bar2([](Exchange& x) { area(x).size = 0ull; })},
    {"AreasOverlap", "overlap",
     on_longer_bar2(sizeof(SparseArea),
                    [](Exchange& x) {
                        sparse(x).areas = 2u;
                        append(x.answer, SparseArea{std::uint64_t{0x2f000}, std::uint64_t{0x2000}});
                    })},
    {"DoorbellMissing",
     "doorbells of BAR 2 cannot be mapped (DBC 15)",
     {},
     [](ServerFacts& f) { f.doorbells.size = 0xf000; }},
    {"Trapped", "start qaic-card without --trap",
     on(Command::DEVICE_GET_REGION_INFO,
        [](Exchange& x) {
            info(x).flags = 3u;
            info(x).argsz = 32u;
            x.answer.resize(32);
            x.send_fds.clear();
        })},
    {"NoFile", "came without a file", on_bar2([](Exchange& x) { x.send_fds.clear(); })},
    {"FileShort", "ends behind its file", {}, [](ServerFacts& f) { f.file_bytes = 0x2f000; }},
    {"FileEmpty", "ends behind its file", {}, [](ServerFacts& f) { f.file_bytes = 0; }},
    {"FileOffset", "ends behind its file", on_bar2([](Exchange& x) { info(x).fd_offset = 0x1e0000ull; })},
    {"FileOffsetOdd", "cannot be mapped", on_bar2([](Exchange& x) { info(x).fd_offset = 0x10ull; })},
    {"FileNotSealed", "sealed against shrinking", {}, [](ServerFacts& f) { f.seal = false; }},
    {"FileIsADevice", "is not a file", on_bar2(send_two_mebibyte_pipe)},
    {"IrqIndex", "GET_IRQ_INFO 1 answered for 4",
     on(Command::DEVICE_GET_IRQ_INFO, [](Exchange& x) { x.answer_as<IrqInfo>().index = 4u; })},
    {"IrqCount", "MSI vectors got=33",
     on(Command::DEVICE_GET_IRQ_INFO, [](Exchange& x) { x.answer_as<IrqInfo>().count = 33u; })},
};

class HostileServer : public ::testing::TestWithParam<Lie> {
  protected:
    static void lie_once(const Lie& lie)
    {
        ServerFacts facts;
        lie.facts(facts);
        VfioServer server(lie.spoil, facts);
        const auto began = vfu::monotonic();
        const auto link = attach(server, lie.limit);
        ASSERT_FALSE(link) << "the attach must be refused";
        EXPECT_NE(link.error().text.find(lie.said), std::string::npos) << link.error().message();
        EXPECT_EQ(link.error().text.find('\n'), std::string::npos);
        EXPECT_LT(vfu::monotonic() - began, patience + 1s);
    }
};

TEST_P(HostileServer, IsRefusedAndLeavesNothing)
{
    lie_once(GetParam()); // what is allocated once
    const auto before = Holdings::now();
    for (int i = 0; i < 5; ++i) lie_once(GetParam());
    const auto after = Holdings::now();
    EXPECT_EQ(after.fds, before.fds);
    EXPECT_EQ(after.memory_files, before.memory_files);
    EXPECT_LT(after.bytes, before.bytes + (4u << 20)) << "five windows of 2 MiB would be more";
}

INSTANTIATE_TEST_SUITE_P(Lies, HostileServer, ::testing::ValuesIn(lies),
                         [](const auto& lie) { return std::string(lie.param.name); });

TEST(HonestServer, IsAccepted)
{
    const auto before = Holdings::now();
    {
        VfioServer server;
        const auto link = attach(server);
        ASSERT_TRUE(link) << link.error().message();
        EXPECT_EQ((*link)->msi_vectors(), 32u);
    }
    EXPECT_EQ(Holdings::now().fds, before.fds);
    EXPECT_EQ(Holdings::now().memory_files, before.memory_files);
}

TEST(HonestServer, NeedNotNameCapabilities)
{
    for (const char* text :
         {"{}", R"({"capabilities":{}})", R"({"capabilities":{"twin_socket":{"supported":true}}})"}) {
        ServerFacts facts;
        facts.version = text;
        VfioServer server({}, facts);
        const auto link = attach(server);
        ASSERT_TRUE(link) << text << ": " << link.error().message();
        EXPECT_EQ((*link)->client().agreed().max_fds, 1u);
    }
}

TEST(HonestServer, MayOfferAllOfBar2)
{
    VfioServer server(on_bar2([](Exchange& x) {
        info(x).flags = 7u, info(x).argsz = 32u, info(x).cap_offset = 0u;
        x.answer.resize(32);
    }));
    const auto link = attach(server);
    EXPECT_TRUE(link) << link.error().message();
}

TEST(HonestServer, UnknownCapabilitiesAreSkipped)
{
    VfioServer server(on_longer_bar2(sizeof(CapabilityHeader), [](Exchange& x) {
        sparse(x).header.next = static_cast<std::uint32_t>(x.answer.size());
        append(x.answer, CapabilityHeader{std::uint16_t{99}, std::uint16_t{7}, 0u});
    }));
    const auto link = attach(server);
    EXPECT_TRUE(link) << link.error().message();
}

// Every time-out is bounded by T_msg even when the server keeps the line busy.
TEST(HostileServerTime, CommandsWithoutEndAreBounded)
{
    VfioServer server(on(Command::DEVICE_GET_INFO, [](Exchange& x) {
        Header command{};
        command.command = static_cast<std::uint16_t>(Command::DMA_READ);
        command.size = sizeof(Header) + sizeof(DmaAccess);
        command.flags = header_flag::NO_REPLY;
        for (int i = 0; i < 1100; ++i) append(x.before, command), append(x.before, DmaAccess{});
    }));
    const auto link = attach(server);
    ASSERT_FALSE(link);
    EXPECT_NE(link.error().text.find("1024 commands of the server before its reply"), std::string::npos)
        << link.error().text;
}

TEST(HostileServerTime, AByteAtATimeEndsAtTheLimit)
{
    VfioServer server(on(Command::DEVICE_GET_INFO, [](Exchange& x) { x.silent = true; }));
    auto end = server.client_end();
    const auto began = vfu::monotonic();
    const auto link = VfioUserLink::over(std::move(end), "test", {300ms, 20ms});
    EXPECT_FALSE(link);
    EXPECT_LT(vfu::monotonic() - began, 1s);
    EXPECT_GE(vfu::monotonic() - began, 300ms);
}

} // namespace
} // namespace test
