// SPDX-License-Identifier: BSD-3-Clause
// A workload crashes and leaves a dump: read from the card by its own protocol, written to a file, told of.
#include "recovery_fixture.hpp"
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace test {
namespace {
namespace fs = std::filesystem;

class CrashDumps : public RecoveryTest {
  protected:
    CrashDumps()
    {
        std::string name = (fs::temp_directory_path() / "qaic_dumps_XXXXXX").string();
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        place.directory = name;
    }
    ~CrashDumps() override { fs::remove_all(place.directory); }
    void bring_up_dumping()
    {
        auto c = config();
        c.crash_dumps = place;
        bring_up(1, 1, nullptr, 64, c);
        start_all(1);
    }
    const DeviceEvent* told_of_dump() const
    {
        const auto at = std::find_if(events.begin(), events.end(), [](const DeviceEvent& e) {
            return e.kind == DeviceEventKind::CRASH_DUMP;
        });
        return at != events.end() ? &*at : nullptr;
    }
    /// At most 20 s of the card's time.
    const DeviceEvent* crash(card::CrashDump dump)
    {
        events.clear();
        faults().start_ssr(0, std::move(dump));
        for (int i = 0; i < 20'000 && told_of_dump() == nullptr; ++i) upkeep(1ms);
        return told_of_dump();
    }
    void expect_working()
    {
        const auto before = device->counters().reactivations.load();
        for (int i = 0; i < 300 && device->counters().reactivations == before; ++i) upkeep(100ms);
        Ops ops(*bus, 8, 0);
        ASSERT_EQ(enqueue(*qps[0], ops), 8);
        EXPECT_EQ(collect(*qps[0], ops, 8, true), 8u);
        EXPECT_TRUE(ops.echoed(7));
    }
    std::vector<fs::path> files() const
    {
        std::vector<fs::path> out;
        for (const auto& f : fs::directory_iterator(place.directory)) out.push_back(f.path());
        return out;
    }
    static std::string content(const fs::path& path)
    {
        std::ifstream in(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    CrashDumpPlace place;
};

TEST_F(CrashDumps, FileHoldsWhatTheCardHad)
{
    bring_up_dumping();
    const auto* const e = crash(card::default_dump());
    ASSERT_NE(e, nullptr);
    EXPECT_EQ(e->value, 0u);
    EXPECT_EQ(e->dbc, 0);
    EXPECT_EQ(e->model, 0);
    const auto path = device->crash_dump_path(e->source);
    ASSERT_TRUE(path);
    EXPECT_EQ(files(), std::vector<fs::path>{*path});
    struct stat st {};
    ASSERT_EQ(::stat(path->c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777, 0600u);
    std::string want;
    const auto had = card::default_dump();
    for (const auto& r : had.regions())
        want.append(reinterpret_cast<const char*>(r.data.data()), r.data.size());
    const auto got = content(*path);
    ASSERT_EQ(got.size(), 32 + 128 + want.size());
    EXPECT_EQ(got.substr(160), want);
    EXPECT_EQ(faults().ssr().dumps, 1u);
    expect_working();
    EXPECT_EQ(device->counters().card_losses, 0u) << "nobody else was disturbed";
    EXPECT_EQ(device->counters().crash_dumps, 1u);
    ASSERT_NE(crash(card::default_dump()), nullptr);
    EXPECT_EQ(files().size(), 2u) << "nothing is overwritten";
    EXPECT_FALSE(device->crash_dump_path(2));
}

TEST_F(CrashDumps, NoneUnlessAskedFor)
{
    bring_up(1, 1);
    start_all(1);
    faults().start_ssr(0, true);
    for (int i = 0; i < 3000 && !faults().ssr_idle(); ++i) upkeep(1ms);
    EXPECT_EQ(faults().ssr().abandoned, 1u);
    EXPECT_EQ(told_of_dump(), nullptr);
    place.bytes = 1;
    EXPECT_EQ(device->set_crash_dumps(place).error().code, Code::E_INVAL);
    place.bytes = 1u << 20;
    const auto directory = place.directory;
    place.directory += "/not_there";
    EXPECT_EQ(device->set_crash_dumps(place).error().code, Code::E_INVAL);
    place.directory = directory;
    ok(device->set_crash_dumps(place));
    expect_working();
    ASSERT_NE(crash(card::default_dump()), nullptr);
    EXPECT_EQ(files().size(), 1u);
    ok(device->set_crash_dumps({}));
    expect_working();
    EXPECT_EQ(crash(card::default_dump()), nullptr);
}

TEST_F(CrashDumps, LimitLeavesRegionsOut)
{
    place.bytes = CrashDumpPlace::least;
    bring_up_dumping();
    const auto* const e = crash(card::default_dump());
    ASSERT_NE(e, nullptr);
    ASSERT_EQ(e->value, 0u);
    EXPECT_EQ(content(*device->crash_dump_path(0)).size(), 32 + 128 + 4096u);
}

TEST_F(CrashDumps, ADirectoryThatGoesIsToldOf)
{
    bring_up_dumping();
    fs::remove_all(place.directory);
    const auto* const e = crash(card::default_dump());
    ASSERT_NE(e, nullptr);
    EXPECT_EQ(e->value, static_cast<std::uint32_t>(Code::E_LIMIT));
    EXPECT_EQ(device->counters().crash_dumps_lost, 1u);
    expect_working();
}

/// D32: as Linux's driver does, the card is reset; operations and models come back as after any reset.
TEST_F(CrashDumps, ACardThatLiesIsReset)
{
    bring_up_dumping();
    const auto* const e = crash(card::CrashDump({{0x2000'0000, 1, "empty", "empty.bin", {}}}));
    ASSERT_NE(e, nullptr);
    EXPECT_EQ(e->value, static_cast<std::uint32_t>(Code::E_PROTO));
    for (int i = 0; i < 6000 && device->counters().card_recoveries == 0; ++i) upkeep(10ms);
    EXPECT_EQ(device->counters().card_losses, 1u);
    EXPECT_EQ(device->counters().card_recoveries, 1u);
    EXPECT_TRUE(files().empty());
}

TEST_F(CrashDumps, NoMoreFilesThanAllowed)
{
    bring_up_dumping();
    CrashDump dump;
    dump.container = Bytes(100);
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(write_crash_dump(place, "a/b", dump));
    EXPECT_EQ(write_crash_dump(place, "a/b", dump).error().code, Code::E_LIMIT);
    const auto other = fs::path(place.directory) / "c-dbc0-0.qaicdump";
    fs::create_symlink("/dev/null", other);
    const auto path = write_crash_dump(place, "c", dump);
    ASSERT_TRUE(path);
    EXPECT_NE(*path, other.string()) << "a link is not followed";
}

} // namespace
} // namespace test
