// SPDX-License-Identifier: BSD-3-Clause
// Trace points: listed by name, and emitted with what they are about.
#include "../mldev/fixture.hpp"
#include "place.hpp"
#include <filesystem>
#include <fstream>
#include <rte_trace.h>
#include <rte_trace_point.h>
#include <sstream>

namespace test {
namespace {

std::string metadata()
{
    char* text = nullptr;
    std::size_t size = 0;
    std::FILE* const to = open_memstream(&text, &size);
    EXPECT_EQ(rte_trace_metadata_dump(to), 0);
    std::fclose(to);
    std::string out(text, size);
    std::free(text);
    return out;
}

/// All trace buffers, saved now; texts stand in them as they are.
std::string saved()
{
    EXPECT_EQ(rte_trace_save(), 0);
    std::string all;
    for (const auto& file : std::filesystem::recursive_directory_iterator(place())) {
        if (file.path().filename().string().rfind("channel", 0) != 0) continue;
        std::ostringstream text;
        text << std::ifstream(file.path(), std::ios::binary).rdbuf();
        all += text.str();
    }
    return all;
}

class Trace : public MlTest {};

TEST_F(Trace, EveryPointIsListed)
{
    const auto listed = metadata();
    for (const char* point : {"attach", "boot_stage", "load", "unload", "activate", "deactivate", "fault",
                              "fence", "recover", "enqueue", "dequeue", "doorbell"}) {
        const auto name = std::string("lib.qaic.") + point;
        auto* const p = rte_trace_point_lookup(name.c_str());
        ASSERT_NE(p, nullptr) << name;
        EXPECT_TRUE(rte_trace_point_is_enabled(p)) << name;
        EXPECT_NE(listed.find("name = \"" + name + "\""), std::string::npos) << name;
    }
}

TEST_F(Trace, BootStagesAreToldByName)
{
    {
        Plugged card("ml_qaic_emu_traced");
        ASSERT_EQ(card.result, 0);
    }
    const auto told = saved();
    for (const char* word : {"ml_qaic_emu_traced", "sahara", "amss", "online"})
        EXPECT_NE(told.find(word), std::string::npos) << word;
}

/// Events of a point in a saved stream: its id is unknown, so those are counted that carry the device's name.
std::size_t events_of(const std::string& told, const std::string& device)
{
    std::size_t n = 0;
    for (auto at = told.find(device); at != told.npos; at = told.find(device, at + 1)) ++n;
    return n;
}

TEST_F(Trace, ModelsAreToldFromLoadToUnload)
{
    Plugged card("ml_qaic_emu_told");
    std::uint16_t model = 0;
    const auto before = events_of(saved(), "ml_qaic_emu_told");
    run(card.id, echo(64), &model);
    ASSERT_EQ(rte_ml_model_stop(card.id, model), 0);
    ASSERT_EQ(rte_ml_model_unload(card.id, model), 0);
    EXPECT_EQ(events_of(saved(), "ml_qaic_emu_told"), before + 4) << "load, activate, deactivate, unload";
}

TEST_F(Trace, AFaultIsToldWithItsReason)
{
    Plugged card("ml_qaic_emu_late", "op_timeout_ms=50");
    std::uint16_t model = 0;
    run(card.id, builtin(aic100::NspBuiltin::WAIT, 64, 10'000'000'000), &model); // 10 s
    EXPECT_EQ(saved().find("deadline"), std::string::npos);
    const auto before = events_of(saved(), "ml_qaic_emu_late");
    Op op(model, 64, 64);
    ASSERT_EQ(infer(card.id, op), RTE_ML_OP_STATUS_ERROR);
    const auto told = saved();
    EXPECT_NE(told.find("deadline"), std::string::npos);
    EXPECT_GE(events_of(told, "ml_qaic_emu_late"), before + 2) << "fault and fence, at least";
}

TEST_F(Trace, APointThatIsOffCostsNoRoom)
{
    auto* const load = rte_trace_point_lookup("lib.qaic.load");
    ASSERT_NE(load, nullptr);
    ASSERT_EQ(rte_trace_point_disable(load), 0);
    Plugged card("ml_qaic_emu_off");
    std::uint16_t model = 0;
    ASSERT_EQ(configure(card.id), 0);
    const auto before = events_of(saved(), "ml_qaic_emu_off");
    ASSERT_EQ(MlTest::load(card.id, echo(64), &model), 0);
    EXPECT_EQ(events_of(saved(), "ml_qaic_emu_off"), before);
    EXPECT_EQ(rte_trace_point_enable(load), 0);
}

} // namespace
} // namespace test
