// SPDX-License-Identifier: BSD-3-Clause
// Files: what is read must be a regular file of bounded size, what is written appears whole (reliability.md
// F13, F14).
#include "qpc/text.hpp"
#include "samples.hpp"
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

namespace qpc::samples {
namespace {
namespace fs = std::filesystem;

class File : public ::testing::Test {
  protected:
    File()
    {
        auto pattern = (fs::temp_directory_path() / "qpc_test_XXXXXX").string();
        EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
        dir_ = pattern;
    }
    ~File() override { fs::remove_all(dir_); }
    [[nodiscard]] std::string path(const char* name) const { return (dir_ / name).string(); }
    fs::path dir_;
};

TEST_F(File, WriteThenReadAndNothingElseIsLeft)
{
    const Bytes content(100000, std::byte{3});
    ASSERT_TRUE(write_file(path("a"), content));
    ASSERT_TRUE(write_file(path("a"), content)); // replaces
    const auto read = read_file(path("a"));
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(to_bytes(read->span()), content);
    EXPECT_EQ(std::distance(fs::directory_iterator(dir_), {}), 1);
    ASSERT_TRUE(write_file(path("empty"), {}));
    EXPECT_EQ(read_file(path("empty"))->span().size(), 0u);
}

TEST_F(File, OnlyRegularFilesAreRead)
{
    ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
    fs::create_symlink(path("nowhere"), path("dangling"));
    EXPECT_EQ(error_of(read_file(path("fifo"))), "E_INVAL: " + path("fifo") + ": not a regular file");
    EXPECT_EQ(error_of(read_file(dir_.string())), "E_INVAL: " + dir_.string() + ": not a regular file");
    EXPECT_EQ(error_of(read_file("/dev/null")), "E_INVAL: /dev/null: not a regular file");
    EXPECT_EQ(error_of(read_file(path("dangling"))),
              "E_INVAL: " + path("dangling") + ": cannot open: No such file or directory");
    EXPECT_NE(error_of(read_file(path("a\nb"))).find("a\\x0ab: cannot open"), std::string::npos);
}

TEST_F(File, TooLargeIsRefusedBeforeAnyMemoryIsTaken)
{
    std::ofstream(path("sparse")).put('x');
    fs::resize_file(path("sparse"), std::uintmax_t{5} << 30);
    EXPECT_EQ(error_of(read_file(path("sparse"))),
              fmt::format("E_LIMIT: {}: file too large got=5368709120 limit=4294967296", path("sparse")));
}

TEST_F(File, WritingRefusesWhatIsNotAFileAndLeavesTheOldContent)
{
    EXPECT_EQ(error_of(write_file(dir_.string(), {})),
              "E_INVAL: " + dir_.string() + ": exists and is not a regular file");
    EXPECT_NE(error_of(write_file("/dev/null", {})).find("not a regular file"), std::string::npos);
    EXPECT_NE(error_of(write_file(path("no/such/dir"), {})).find("cannot create: No such file"),
              std::string::npos);
    fs::create_symlink(path("target"), path("link"));
    EXPECT_NE(error_of(write_file(path("link"), {})).find("not a regular file"), std::string::npos);
}

TEST_F(File, AReplacedFileDoesNotChangeALoadedProgram)
{
    ASSERT_TRUE(write_file(path("net.qpc"), builtin("echo:in=64")));
    auto loaded = load_program_file(path("net.qpc"));
    ASSERT_TRUE(loaded) << loaded.error().message();
    const auto before = to_bytes(loaded->program.elf);
    { // same inode, other bytes
        std::fstream f(path("net.qpc"), std::ios::in | std::ios::out | std::ios::binary);
        f << std::string(4000, 'z');
    }
    const auto moved = std::move(*loaded);
    EXPECT_EQ(to_bytes(moved.program.elf), before);
    EXPECT_EQ(
        error_of(load_program_file(path("net.qpc"))).find("E_FORMAT: " + path("net.qpc") + ": not a program"),
        0u);
}

TEST(Text, EscapesAndCuts)
{
    EXPECT_EQ(printable("plain"), "plain");
    EXPECT_EQ(printable(std::string_view("a\0\"\\\x7f\xc3", 6)), "a\\x00\\\"\\\\\\x7f\\xc3");
    EXPECT_EQ(printable("abcdef", 3), "abc...");
}

} // namespace
} // namespace qpc::samples
