// SPDX-License-Identifier: BSD-3-Clause
// What no run of an engine shows for certain.
#include "fixture.hpp"
#include "pipeline/engine/walk.hpp"

namespace {
using namespace test;

TEST(Walk, AnItemOfAnotherCoreMayBeBornAfterTheClockWasRead)
{
    const auto pool = make_item_pool("walk_items", 4, 64, SOCKET_ID_ANY);
    ASSERT_TRUE(pool) << pool.error().text;
    auto seat = std::make_unique<Seat>();
    seat->deadline = 100;
    rte_mbuf* items[] = {qaic_pipe_new_item(pool->get()), qaic_pipe_new_item(pool->get()),
                         qaic_pipe_new_item(pool->get())};
    const std::uint64_t now = 10'000, born[] = {now + 5, now - 101, now - 100};
    for (std::size_t i = 0; i < 3; ++i) qaic_pipe_item_of(items[i])->born = born[i];
    ASSERT_EQ(hot::drop_late(*seat, items, 3, now), 2);
    EXPECT_EQ(qaic_pipe_item_of(items[0])->born, now + 5);
    EXPECT_EQ(qaic_pipe_item_of(items[1])->born, now - 100);
    EXPECT_EQ(seat->dropped[DEADLINE].get(), 1U);
    for (std::size_t i = 0; i < 2; ++i) rte_pktmbuf_free(items[i]);
}

} // namespace
