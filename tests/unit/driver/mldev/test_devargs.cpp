// SPDX-License-Identifier: BSD-3-Clause
// Options: every key, every way to get one wrong; and what dpdk-pmdinfo.py will show of them.
#include "fixture.hpp"
#include "qaic/devargs.hpp"

extern "C" {
extern const char ml_qaic_pmd_info[];
extern const char ml_qaic_emu_pmd_info[];
extern const char ml_qaic_vfu_pmd_info[];
}

namespace test {
namespace {
using namespace qaic;

TEST(DevArgs, DefaultsAndEveryKey)
{
    for (const char* none : {static_cast<const char*>(nullptr), ""}) {
        const auto a = parse_devargs(none, DeviceKind::EMULATED);
        ASSERT_TRUE(a);
        EXPECT_EQ(a->op_timeout, 5s);
        EXPECT_EQ(a->housekeeping, 10ms);
        EXPECT_EQ(a->ddr, 32ull << 30);
        EXPECT_EQ(a->attach, AttachPolicy::SOC_RESET);
        EXPECT_EQ(a->completions, dbc::Completions::MEMORY);
        EXPECT_EQ(a->instances, 1u);
        EXPECT_TRUE(a->recover);
        EXPECT_EQ(a->crash_dumps.accepts(), 0u);
    }
    const auto a = parse_devargs(
        "fw=/"
        "x,attach=warm,op_timeout_ms=7,housekeeping_ms=3,ddr=2G,nsps=4,cpu=1,idle_us=0,completion=register,"
        "instances=16,recovery=off,crash_dump=/d,crash_dump_mib=3",
        DeviceKind::EMULATED);
    ASSERT_TRUE(a) << a.error().message();
    EXPECT_EQ(a->firmware, "/x");
    EXPECT_EQ(a->attach, AttachPolicy::WARM);
    EXPECT_EQ(a->op_timeout, 7ms);
    EXPECT_EQ(a->housekeeping, 3ms);
    EXPECT_EQ(a->ddr, 2ull << 30);
    EXPECT_EQ(a->nsps, 4u);
    EXPECT_EQ(a->cpu, 1u);
    EXPECT_EQ(a->idle, 0us);
    EXPECT_EQ(a->completions, dbc::Completions::REGISTER);
    EXPECT_EQ(a->instances, 16u);
    EXPECT_FALSE(a->recover);
    EXPECT_EQ(a->crash_dumps.directory, "/d");
    EXPECT_EQ(a->crash_dumps.accepts(), 3u << 20);
}

TEST(DevArgs, EveryMistakeIsOneLineThatNamesTheKey)
{
    const std::pair<const char*, const char*> wrong[] = {
        {"colour=red", "colour"},
        {"nsps=0", "nsps"},
        {"nsps=17", "nsps"},
        {"nsps=4x", "nsps"},
        {"nsps=-1", "nsps"},
        {"nsps=", "nsps"},
        {"nsps=1,nsps=2", "nsps"},
        {"attach=hot", "attach"},
        {"ddr=1K", "ddr"},
        {"ddr=99999999999T", "ddr"},
        {"ddr=4GB", "ddr"},
        {"op_timeout_ms=0", "op_timeout_ms"},
        {"op_timeout_ms=9999999999999999999999", "op_timeout_ms"},
        {"housekeeping_ms=1001", "housekeeping_ms"},
        {"completion=msi", "devarg completion: got='msi' limit=memory|confirmed|register"},
        {"instances=0", "instances"},
        {"instances=17", "instances"},
        {"recovery=maybe", "devarg recovery: got='maybe' limit=auto|off"},
        {"idle_us=1000001", "idle_us"},
        {"fw=", "fw"},
        {"crash_dump=", "crash_dump"},
        {"crash_dump_mib=0", "crash_dump_mib"},
        {"crash_dump_mib=1025", "crash_dump_mib"},
        {"cpu=4096", "cpu"},
    };
    for (const auto& [text, key] : wrong) {
        const auto a = parse_devargs(text, DeviceKind::EMULATED);
        ASSERT_FALSE(a) << text;
        EXPECT_EQ(a.error().code, Code::E_INVAL) << text;
        EXPECT_NE(a.error().text.find(key), std::string::npos) << a.error().text;
        EXPECT_EQ(a.error().text.find('\n'), std::string::npos);
    }
    EXPECT_FALSE(parse_devargs("nsps=4", DeviceKind::PCI)) << "a real card has the NSPs it has";
    EXPECT_TRUE(parse_devargs("attach=warm,fw=/lib", DeviceKind::PCI));
}

TEST(DevArgs, AServedCardNeedsItsSocket)
{
    const auto a = parse_devargs("socket=/run/q/s,attach=warm,fw=/x", DeviceKind::VFIO_USER);
    ASSERT_TRUE(a) << a.error().message();
    EXPECT_EQ(a->socket, "/run/q/s");
    EXPECT_EQ(a->attach, AttachPolicy::WARM);
    for (const char* none : {static_cast<const char*>(nullptr), "", "fw=/x"}) {
        const auto missing = parse_devargs(none, DeviceKind::VFIO_USER);
        ASSERT_FALSE(missing);
        EXPECT_NE(missing.error().text.find("give socket=PATH of a running qaic-card"), std::string::npos)
            << missing.error().text;
    }
    EXPECT_FALSE(parse_devargs("socket=", DeviceKind::VFIO_USER));
    EXPECT_FALSE(parse_devargs("socket=/s,nsps=4", DeviceKind::VFIO_USER)) << "qaic-card decides that";
    EXPECT_FALSE(parse_devargs("socket=/s", DeviceKind::EMULATED));
    EXPECT_FALSE(parse_devargs("socket=/s", DeviceKind::PCI));
}

TEST(DevArgs, FirmwareSearchPath)
{
    const char* before = std::getenv("QAIC_FIRMWARE_PATH");
    const std::string saved = before != nullptr ? before : "";
    DevArgs a;
    ::setenv("QAIC_FIRMWARE_PATH", "/a::/b", 1);
    auto path = firmware_path(a, DeviceKind::PCI);
    EXPECT_EQ(path, (std::vector<std::string>{"/a", "/b", "/lib/firmware"}))
        << "never the emulated card's images";
    EXPECT_EQ(firmware_path(a, DeviceKind::EMULATED).back(), "/lib/firmware");
    EXPECT_EQ(firmware_path(a, DeviceKind::EMULATED).size(), 4u);
    EXPECT_EQ(firmware_path(a, DeviceKind::VFIO_USER).size(), 4u);
    a.firmware = "/only";
    EXPECT_EQ(firmware_path(a, DeviceKind::EMULATED), std::vector<std::string>{"/only"});
    ::setenv("QAIC_FIRMWARE_PATH", saved.c_str(), 1);
}

TEST(DevArgs, PmdInfoShowsTheSameKeys)
{
    EXPECT_NE(std::string(ml_qaic_pmd_info).find("\"" + devargs_help(DeviceKind::PCI) + "\""),
              std::string::npos);
    EXPECT_NE(std::string(ml_qaic_emu_pmd_info).find("\"" + devargs_help(DeviceKind::EMULATED) + "\""),
              std::string::npos);
    EXPECT_NE(std::string(ml_qaic_vfu_pmd_info).find("\"" + devargs_help(DeviceKind::VFIO_USER) + "\""),
              std::string::npos);
    EXPECT_NE(std::string(ml_qaic_pmd_info)
                  .find("\"kmod\": \"* vfio-pci\", \"pci_ids\": [[6091, 41216, 65535, 65535], [6091, 41088, "
                        "65535, 65535]]"),
              std::string::npos);
}

} // namespace
} // namespace test
