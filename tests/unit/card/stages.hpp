// SPDX-License-Identifier: BSD-3-Clause
// Brings a card to any stage, for the rows that say "at every stage".
#pragma once
#include "mini_host.hpp"
#include <gtest/gtest.h>

namespace test {

inline constexpr card::Stage every_stage[] = {
    card::Stage::PBL,  card::Stage::SBL_INIT,   card::Stage::SBL_READY, card::Stage::SBL_M0,
    card::Stage::AMSS, card::Stage::AMSS_READY, card::Stage::AMSS_M0,   card::Stage::SYS_ERR};

/// True when the card is there.
inline bool bring(Bench& b, card::Stage stage)
{
    using card::Stage;
    auto& mini = b.mini;
    if (stage == Stage::PBL) return b.core.stage() == stage;
    if (stage == Stage::SYS_ERR) {
        if (!mini.boot(built_images())) return false;
        b.core.faults().sys_err(false);
        return b.core.stage() == stage;
    }
    if (stage >= Stage::AMSS) {
        if (!mini.boot(built_images())) return false;
        if (stage == Stage::AMSS_M0) return b.core.stage() == stage;
        mini.reset();
        if (stage == Stage::AMSS) return b.core.stage() == stage;
        return mini.wait_ready() && b.core.stage() == stage;
    }
    if (mini.load_sbl(built_images().at(0)) != 2) return false;
    if (stage == Stage::SBL_INIT) return b.core.stage() == stage;
    if (!mini.wait_ready()) return false;
    if (stage == Stage::SBL_READY) return b.core.stage() == stage;
    mini.program();
    mini.request_m0();
    mini.drain();
    return b.core.stage() == stage;
}

class EveryStage : public ::testing::TestWithParam<card::Stage> {
  protected:
    void SetUp() override { ASSERT_TRUE(bring(b, GetParam())) << "at " << card::to_string(b.core.stage()); }
    Bench b;
};

inline std::string stage_name(const ::testing::TestParamInfo<card::Stage>& info)
{
    return std::string(card::to_string(info.param));
}

} // namespace test
