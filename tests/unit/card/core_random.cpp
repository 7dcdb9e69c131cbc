// SPDX-License-Identifier: BSD-3-Clause
// Random hosts: whatever one does, the card neither crashes nor hangs, and a power cycle makes it boot again.
#include "mini_host.hpp"
#include "mmio_drive.hpp"
#include <gtest/gtest.h>

namespace test {
namespace {

TEST(CardRandom, WalksOfRandomHosts)
{
    std::uint64_t operations = 0, events = 0;
    for (unsigned seed = 0; seed < 600; ++seed) {
        auto bytes = pattern(3000, seed);
        bytes[0] = static_cast<std::byte>(seed % 8); // how far it boots first
        const auto result = drive_card(bytes);
        ASSERT_TRUE(result.recovered) << "seed " << seed;
        operations += result.operations;
        events += result.events;
    }
    EXPECT_GT(operations, 100'000u);
    EXPECT_GT(events, 1'000u) << "the walks get somewhere";
}

} // namespace
} // namespace test
