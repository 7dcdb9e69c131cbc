// SPDX-License-Identifier: BSD-3-Clause
// EAL's command line: our defaults, and how they give way; where the driver plugin may lie.
#include "driver_path.hpp"
#include "eal_setup.hpp"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

namespace {

using namespace qaic::eal;
namespace fs = std::filesystem;
using Strings = std::vector<std::string>;

bool has(const Strings& list, const std::string& item)
{
    return std::find(list.begin(), list.end(), item) != list.end();
}

EalPlan plan(std::uint64_t hugepages = 1ULL << 30, Strings user = {})
{
    return {"qaic-perf", {"ml_qaic_emu0"}, "/x/driver.so", {3}, 77, hugepages, std::move(user)};
}

TEST(EalArguments, VirtualDeviceOnHugepages)
{
    const auto a = eal_arguments(plan());
    EXPECT_EQ(a.list, (Strings{"-l", "3", "--file-prefix=qaic-perf-77", "--log-level=lib.eal:warning",
                               "--log-level=lib.mldev:warning", "--in-memory", "--no-pci", "--iova-mode=va",
                               "--vdev=ml_qaic_emu0", "-d", "/x/driver.so"}));
    EXPECT_TRUE(a.notes.empty());
}

TEST(EalArguments, LcoresInWordsWin)
{
    auto p = plan();
    p.program = "qaic-pipe";
    p.lcores = "0@(0-1),1@1";
    const auto a = eal_arguments(p);
    EXPECT_EQ((Strings(a.list.begin(), a.list.begin() + 3)),
              (Strings{"--lcores", "0@(0-1),1@1", "--file-prefix=qaic-pipe-77"}));
    EXPECT_EQ(a.program, "qaic-pipe");
    p.user = {"-l", "0"};
    EXPECT_FALSE(has(eal_arguments(p).list, "--lcores"));
}

TEST(EalArguments, WithoutHugepagesItSaysWhatThatCosts)
{
    const auto a = eal_arguments(plan(0));
    EXPECT_TRUE(has(a.list, "--no-huge"));
    EXPECT_TRUE(has(a.list, "512"));
    EXPECT_FALSE(has(a.list, "--in-memory"));
    ASSERT_EQ(a.notes.size(), 1U);
    EXPECT_NE(a.notes[0].find("nr_hugepages"), std::string::npos);
    EXPECT_EQ(eal_arguments(plan(1ULL << 30, {"--no-huge", "-m", "64"})).notes.size(), 1U);
}

TEST(EalArguments, PciDeviceIsAllowedByAddress)
{
    auto p = plan();
    p.devices = {"0000:17:00.0"};
    const auto a = eal_arguments(p);
    EXPECT_TRUE(has(a.list, "-a"));
    EXPECT_TRUE(has(a.list, "0000:17:00.0"));
    EXPECT_FALSE(has(a.list, "--no-pci"));
    EXPECT_FALSE(has(a.list, "--iova-mode=va"));
}

TEST(EalArguments, SeveralCardsAndLcores)
{
    auto p = plan();
    p.devices = {"ml_qaic_vfu0,socket=/a", "ml_qaic_vfu1,socket=/b"};
    p.cpus = {2, 5};
    const auto a = eal_arguments(p);
    EXPECT_TRUE(has(a.list, "2,5"));
    EXPECT_TRUE(has(a.list, "--vdev=ml_qaic_vfu0,socket=/a"));
    EXPECT_TRUE(has(a.list, "--vdev=ml_qaic_vfu1,socket=/b"));
    EXPECT_TRUE(has(a.list, "--no-pci"));
    p.devices = {"0000:17:00.0", "ml_qaic_emu0"};
    EXPECT_FALSE(has(eal_arguments(p).list, "--no-pci"));
}

TEST(EalArguments, UserOptionsReplaceDefaultsAndComeLast)
{
    const auto a = eal_arguments(plan(0, {"-l1", "-m", "64", "--file-prefix=mine", "--log-level", "8"}));
    EXPECT_EQ(std::count(a.list.begin(), a.list.end(), "-m"), 1);
    EXPECT_FALSE(has(a.list, "-l"));
    EXPECT_FALSE(has(a.list, "--file-prefix=qaic-perf-77"));
    EXPECT_FALSE(has(a.list, "--log-level=lib.eal:warning"));
    EXPECT_EQ(a.list.back(), "8");
}

TEST(EalArguments, NoDriverFileMeansNoOption)
{
    auto p = plan();
    p.driver.clear();
    EXPECT_FALSE(has(eal_arguments(p).list, "-d"));
}

TEST(EalArguments, TellsOptionsApart)
{
    EXPECT_TRUE(has_option({"-l0"}, {"-l"}));
    EXPECT_TRUE(has_option({"--lcores=0@1"}, {"--lcores"}));
    EXPECT_FALSE(has_option({"--lcores-x"}, {"--lcores"}));
    EXPECT_FALSE(has_option({"--log-level=8"}, {"-l"}));
    EXPECT_TRUE(is_pci_address("0000:01:00.0"));
    EXPECT_TRUE(is_pci_address("01:00.7,class=ml"));
    EXPECT_FALSE(is_pci_address("01:00.8"));
    EXPECT_FALSE(is_pci_address("ml_qaic_emu0"));
}

class DriverPath : public testing::Test {
  protected:
    void SetUp() override
    {
        // below the working folder (the build tree), as the usual temporary folder is world-writable
        std::string form = (fs::current_path() / "driver-path-XXXXXX").string();
        ASSERT_NE(::mkdtemp(form.data()), nullptr);
        root = form;
        fs::create_directories(root / "drivers/qaic");
        fs::create_directories(root / "apps/qaic-perf");
        if (!world_writable_part(root).empty())
            GTEST_SKIP() << "the build tree is below a world-writable folder";
    }
    void TearDown() override { fs::remove_all(root); }
    std::string place(const fs::path& at) const
    {
        std::ofstream(root / at) << "x";
        return (root / at).string();
    }
    fs::path root;
};

TEST_F(DriverPath, FindsTheBuildTreesOwn)
{
    EXPECT_EQ(find_driver("", root / "apps/qaic-perf"), std::string());
    const auto file = place("drivers/qaic/librte_ml_qaic.so");
    EXPECT_EQ(find_driver("", root / "apps/qaic-perf"), file);
}

TEST_F(DriverPath, AGivenFileMustExist)
{
    const auto no = find_driver((root / "none.so").string(), root / "apps/qaic-perf");
    ASSERT_FALSE(no);
    EXPECT_NE(no.error().text.find("none.so: there is no such file"), std::string::npos);
    const auto file = place("other.so");
    EXPECT_EQ(find_driver(file, root / "apps/qaic-perf"), file);
}

TEST_F(DriverPath, RefusesWhatEalWouldEndTheProcessFor)
{
    const auto file = place("drivers/qaic/librte_ml_qaic.so");
    fs::permissions(root / "drivers", fs::perms::others_write, fs::perm_options::add);
    const auto no = find_driver("", root / "apps/qaic-perf");
    ASSERT_FALSE(no);
    EXPECT_NE(no.error().text.find((root / "drivers").string() + ", which everyone may write to"),
              std::string::npos);
    EXPECT_EQ(world_writable_part(file), root / "drivers");
}

} // namespace
