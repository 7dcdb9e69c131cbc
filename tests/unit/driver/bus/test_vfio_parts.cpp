// SPDX-License-Identifier: BSD-3-Clause
// Connecting, finding the file behind memory, the table of what is shared.
#include "leak_check.hpp"
#include "qaic/bus/vfio_user_files.hpp"
#include "qaic/bus/vfio_user_shares.hpp"
#include "vfio_server.hpp"
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace test {
namespace {
using namespace qaic;

class Connect : public ::testing::Test {
  protected:
    Connect()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "qaic_vfu_XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) std::abort();
        dir = pattern;
    }
    ~Connect() override
    {
        std::error_code ignored;
        std::filesystem::remove_all(dir, ignored);
    }
    [[nodiscard]] std::string path() const { return (dir / "s").string(); }
    vfu::Fd listen(int type = SOCK_STREAM, bool listens = true) const
    {
        vfu::Fd fd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        std::memcpy(at.sun_path, path().data(), path().size());
        EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
        EXPECT_TRUE(!listens || ::listen(fd.get(), 0) == 0);
        return fd;
    }
    void expect_error(const std::string& at, Code code, const char* said)
    {
        const auto before = Holdings::now().fds;
        {
            const auto socket = vfu::Socket::connect(at, 50ms);
            ASSERT_FALSE(socket);
            EXPECT_EQ(socket.error().code, code) << socket.error().message();
            EXPECT_NE(socket.error().text.find(said), std::string::npos) << socket.error().message();
        }
        EXPECT_EQ(Holdings::now().fds, before);
    }
    std::filesystem::path dir;
};

TEST_F(Connect, EveryReasonHasItsLine)
{
    expect_error("", Code::E_INVAL, "path of 0 bytes, limit 1..107");
    expect_error(std::string(108, 'x'), Code::E_INVAL, "path of 108 bytes, limit 1..107");
    expect_error(path(), Code::E_REMOVED, "no such socket: start qaic-card");
    expect_error(path() + "/x/y", Code::E_REMOVED, "no such socket");
    std::filesystem::create_directory(dir / "d");
    {
        const auto bound = listen(SOCK_STREAM, false);
        expect_error(path(), Code::E_REMOVED, "nobody listens there");
    }
    std::filesystem::remove(path());
    {
        const auto datagram = listen(SOCK_DGRAM, false);
        expect_error(path(), Code::E_INVAL, "not a stream socket");
    }
}

TEST_F(Connect, AFullQueueOfConnectionsEndsAtTheLimit)
{
    const auto server = listen();
    const auto first = vfu::Socket::connect(path(), 50ms); // backlog 0 takes one
    ASSERT_TRUE(first) << first.error().message();
    const auto began = vfu::monotonic();
    expect_error(path(), Code::E_TIMEOUT, "is another client attached?");
    EXPECT_LT(vfu::monotonic() - began, 1s);
}

// Needs a second user, which only root has.
TEST_F(Connect, AServerOfAnotherUserIsRefused)
{
    if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
    std::filesystem::permissions(dir, std::filesystem::perms::all);
    ASSERT_EQ(::seteuid(65534), 0);
    const auto server = listen(); // SO_PEERCRED of a listener is that of listen()
    ASSERT_EQ(::seteuid(0), 0);
    expect_error(path(), Code::E_PERM, "served by uid 65534, we are uid 0");
}

TEST(Files, PiecesFollowTheMappings)
{
    const vfu::Fd a(::memfd_create("a", MFD_CLOEXEC)), b(::memfd_create("b", MFD_CLOEXEC));
    ASSERT_EQ(::ftruncate(a.get(), 1 << 20), 0);
    ASSERT_EQ(::ftruncate(b.get(), 1 << 20), 0);
    auto* at = static_cast<std::byte*>(
        ::mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ASSERT_EQ(::mmap(at, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, a.get(), 0x4000), at);
    ASSERT_NE(::mmap(at + 8192, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, b.get(), 0),
              MAP_FAILED);
    const auto pieces = vfu::files_behind(at + 4096, 8192);
    ASSERT_TRUE(pieces) << pieces.error().message();
    ASSERT_EQ(pieces->size(), 2u);
    EXPECT_EQ((*pieces)[0].va, at + 4096);
    EXPECT_EQ((*pieces)[0].bytes, 4096u);
    EXPECT_EQ((*pieces)[0].offset, 0x5000u);
    EXPECT_EQ((*pieces)[1].bytes, 4096u);
    EXPECT_EQ((*pieces)[1].offset, 0u);
    // The descriptor leads to the same memory.
    at[4096] = std::byte{0x77};
    char seen = 0;
    EXPECT_EQ(::pread((*pieces)[0].file.get(), &seen, 1, 0x5000), 1);
    EXPECT_EQ(seen, 0x77);

    EXPECT_NE(vfu::files_behind(at, 16384).error().text.find("private to this process"), std::string::npos);
    ASSERT_EQ(::munmap(at + 4096, 4096), 0);
    EXPECT_NE(vfu::files_behind(at, 12288).error().text.find("is not mapped"), std::string::npos);
    EXPECT_FALSE(vfu::files_behind(at, 0));
    EXPECT_FALSE(vfu::files_behind(at, ~0ull));
    ::munmap(at, 1 << 20);
}

TEST(Files, AClosedFileIsFoundByItsMappingOrSaidToBeClosed)
{
    vfu::Fd a(::memfd_create("a", MFD_CLOEXEC));
    ASSERT_EQ(::ftruncate(a.get(), 4096), 0);
    void* at = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, a.get(), 0);
    a.reset();
    const auto pieces = vfu::files_behind(at, 4096);
    if (pieces)
        EXPECT_EQ(pieces->size(), 1u);
    else
        EXPECT_NE(pieces.error().text.find("keep its descriptor open"), std::string::npos)
            << pieces.error().message();
    ::munmap(at, 4096);
}

TEST(Files, AReadOnlyDescriptorDoesNotDo)
{
    const vfu::Fd a(::memfd_create("a", MFD_CLOEXEC));
    ASSERT_EQ(::ftruncate(a.get(), 4096), 0);
    void* at = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, a.get(), 0);
    EXPECT_NE(vfu::files_behind(at, 4096).error().text.find("private"), std::string::npos)
        << "the card writes, too";
    ::munmap(at, 4096);
}

class SharesTest : public ::testing::Test {
  protected:
    void SetUp() override
    {
        auto made = vfu::Client::over(server.client_end(), "test", {500ms, 20ms});
        ASSERT_TRUE(made) << made.error().message();
        client = std::move(*made);
        shares = std::make_unique<vfu::Shares>(*client);
        ASSERT_EQ(::ftruncate(file.get(), 1 << 20), 0);
    }
    Result<void> add(std::uint64_t iova, std::uint64_t bytes, std::uint64_t offset = 0)
    {
        return shares->add(Iova{iova}, bytes, file.get(), offset);
    }
    VfioServer server;
    vfu::Fd file{::memfd_create("f", MFD_CLOEXEC)};
    std::unique_ptr<vfu::Client> client;
    std::unique_ptr<vfu::Shares> shares;
};

TEST_F(SharesTest, TableIsWhatTheServerHas)
{
    ASSERT_TRUE(add(0x10000, 0x1000));
    ASSERT_TRUE(add(0x11000, 0x2000));
    ASSERT_TRUE(add(0x20000, 0x1000));
    EXPECT_TRUE(add(0x10000, 0x1000)) << "EAL tells some twice";
    EXPECT_EQ(shares->size(), 3u);
    EXPECT_TRUE(shares->covers(Iova{0x10800}, 0x2000));
    EXPECT_FALSE(shares->covers(Iova{0x10800}, 0x2801));
    EXPECT_FALSE(shares->covers(Iova{0xffff}, 2));
    for (const auto& [iova, bytes] : {std::pair{0x10800ull, 0x100ull},
                                      {0xf000ull, 0x1001ull},
                                      {0x1000ull, 0ull},
                                      {~0ull - 0xfff, 0x2000ull},
                                      {0x12fffull, 1ull}})
        EXPECT_EQ(add(iova, bytes).error().code, Code::E_IOVA) << std::hex << iova;
    EXPECT_EQ(add(0x40000, 0x1000, (1 << 20) - 0xfff).error().code, Code::E_IOVA) << "behind the file's end";
    EXPECT_EQ(shares->remove(Iova{0x10000}, 0x2000).error().code, Code::E_IOVA) << "cuts one";
    EXPECT_TRUE(shares->remove(Iova{0x10000}, 0x3000));
    EXPECT_TRUE(shares->remove_inside(Iova{0}, 0x1000000));
    EXPECT_EQ(shares->size(), 0u);
    EXPECT_TRUE(server.maps().empty());
}

TEST_F(SharesTest, RemoveInsideLeavesWhatSticksOut)
{
    ASSERT_TRUE(add(0x10000, 0x1000));
    ASSERT_TRUE(add(0x11000, 0x2000));
    EXPECT_TRUE(shares->remove_inside(Iova{0x10000}, 0x2000));
    EXPECT_EQ(server.maps(), (std::map<std::uint64_t, std::uint64_t>{{0x11000, 0x2000}}));
}

} // namespace
} // namespace test
