// SPDX-License-Identifier: BSD-3-Clause
// 10^5 messages of random size through LOOPBACK, compared bit for bit: every ring wraps thousands of times.
// issue 2, "done" point 4
#include "slot_fixture.hpp"
#include <chrono>
#include <cstring>
#include <random>

namespace test {
namespace {

std::uint64_t messages()
{
    const char* n = std::getenv("QAIC_TEST_LOOPBACKS");
    return n != nullptr ? std::strtoull(n, nullptr, 0) : 100'000;
}

class BootLoopback : public SlotTest {
  protected:
    /// Where time is real, as many as fit it.
    [[nodiscard]] std::uint64_t wanted() const { return slot.real_time() ? messages() / 20 : messages(); }
};

TEST_P(BootLoopback, RandomSizesAreBitExact)
{
    SlotDriver d(slot, config());
    const auto report = d.controller.boot();
    ASSERT_TRUE(report) << report.error().message();
    std::mt19937_64 random(20261122);
    Bytes pool((1u << 20) + 65536);
    for (std::size_t i = 0; i + 8 <= pool.size(); i += 8) {
        const auto v = random();
        std::memcpy(pool.data() + i, &v, 8);
    }
    const auto began = std::chrono::steady_clock::now();
    std::uint64_t bytes = 0;
    for (std::uint64_t i = 0; i < wanted(); ++i) {
        const auto size = 1 + random() % 65535;
        const auto at = random() % (1u << 20);
        const auto echoed = d.controller.loopback(ConstSpan(pool).subspan(at, size));
        ASSERT_TRUE(echoed) << "message " << i << ": " << echoed.error().message();
        bytes += size;
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    std::printf("%llu messages, %.1f GB, %.1f s\n", static_cast<unsigned long long>(wanted()),
                static_cast<double>(bytes) * 1e-9, took.count());
    const auto& c = d.controller.mhi().counters();
    EXPECT_EQ(c.m_elem + c.m_erp + c.m_tre + c.m_len + c.m_cmd, 0u);
    EXPECT_GE(c.events, 2 * wanted());
    EXPECT_EQ(slot.refused(), 0u);
}

TEST_P(BootLoopback, EachEdgeOfTheSizes)
{
    SlotDriver d(slot, config());
    ASSERT_TRUE(d.controller.boot());
    for (const std::size_t n : {1u, 2u, 15u, 16u, 17u, 63u, 64u, 65u, 4095u, 4096u, 65534u, 65535u}) {
        const auto echoed = d.controller.loopback(Bytes(n, std::byte{0xa5}));
        EXPECT_TRUE(echoed) << echoed.error().message();
    }
    EXPECT_EQ(d.controller.loopback({}).error().code, Code::E_INVAL);
    EXPECT_EQ(d.controller.loopback(Bytes(65536)).error().code, Code::E_INVAL);
}

INSTANTIATE_TEST_SUITE_P(Bus, BootLoopback, ::testing::ValuesIn(all_slots()), slot_name);

} // namespace
} // namespace test
