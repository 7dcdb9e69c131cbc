// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/registry.hpp"
#include "pipeline/stages/shipped.hpp"
#include <gtest/gtest.h>

namespace {
using namespace pipeline;

TEST(ShippedStages, EachIsATableTheRegistryTakes)
{
    for (const auto* stage : shipped_stages()) {
        EXPECT_EQ(qaic_pipe_register(stage), 0) << stage->kind;
        EXPECT_EQ(stage_kind(stage->kind), stage);
        unsigned reasons = 0;
        for (const auto* const* r = stage->drop_reasons; r != nullptr && *r != nullptr; ++r) ++reasons;
        EXPECT_LE(reasons, QAIC_PIPE_MOST_REASONS) << stage->kind;
    }
    EXPECT_EQ(known_kinds().size(), shipped_stages().size());
    EXPECT_EQ(qaic_pipe_register(shipped_stages()[0]), -EEXIST);
}

} // namespace
