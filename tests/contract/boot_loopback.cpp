// SPDX-License-Identifier: BSD-3-Clause
// 10^5 messages of random size through LOOPBACK, compared bit for bit: every ring wraps thousands of times.
// issue 2, "done" point 4
#include "boot_fixture.hpp"
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

using BootLoopback = BootTest;

TEST_F(BootLoopback, RandomSizesAreBitExact)
{
    Driver d(link, clock);
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
    for (std::uint64_t i = 0; i < messages(); ++i) {
        const auto size = 1 + random() % 65535;
        const auto at = random() % (1u << 20);
        const auto echoed = d.controller.loopback(ConstSpan(pool).subspan(at, size));
        ASSERT_TRUE(echoed) << "message " << i << ": " << echoed.error().message();
        bytes += size;
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    std::printf("%llu messages, %.1f GB, %.1f s\n", static_cast<unsigned long long>(messages()),
                static_cast<double>(bytes) * 1e-9, took.count());
    const auto& c = d.controller.mhi().counters();
    EXPECT_EQ(c.m_elem + c.m_erp + c.m_tre + c.m_len + c.m_cmd, 0u);
    EXPECT_GE(c.events, 2 * messages());
    EXPECT_EQ(link.refused(), 0u);
}

TEST_F(BootLoopback, EachEdgeOfTheSizes)
{
    Driver d(link, clock);
    ASSERT_TRUE(d.controller.boot());
    for (const std::size_t n : {1u, 2u, 15u, 16u, 17u, 63u, 64u, 65u, 4095u, 4096u, 65534u, 65535u}) {
        const auto echoed = d.controller.loopback(Bytes(n, std::byte{0xa5}));
        EXPECT_TRUE(echoed) << echoed.error().message();
    }
    EXPECT_EQ(d.controller.loopback({}).error().code, Code::E_INVAL);
    EXPECT_EQ(d.controller.loopback(Bytes(65536)).error().code, Code::E_INVAL);
}

} // namespace
} // namespace test
