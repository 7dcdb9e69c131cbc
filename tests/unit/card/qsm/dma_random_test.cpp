// SPDX-License-Identifier: BSD-3-Clause
// Random streams without semaphores against a sequential oracle: memory, codes and order of responses.
#include "rig.hpp"
#include <deque>
#include <random>

namespace qsm_test {
namespace {
constexpr std::uint32_t ddr_bytes = 32768, host_bytes = 1u << 16;

/// The card as a programmer imagines it: one request after the other.
struct Oracle {
    Bytes ddr{ddr_bytes}, host{host_bytes};
    std::uint16_t apply(const aic100::RequestElement& e, std::uint64_t host_base, std::uint64_t ddr_base)
    {
        const auto direction = e.cmd & 3;
        if (direction == 0) return 0;
        if (direction == 3 || (e.cmd & 8) == 0) return 1;
        const std::uint64_t on_host = (direction == 1 ? e.source : e.destination) - host_base;
        const std::uint64_t on_card = (direction == 1 ? e.destination : e.source) - ddr_base;
        const bool fits = on_card < ddr_bytes && e.length <= ddr_bytes - on_card && on_host < host_bytes &&
                          e.length <= host_bytes - on_host;
        if (!fits) return e.length == 0 ? 0 : 1;
        if (direction == 1)
            std::memcpy(ddr.data() + on_card, host.data() + on_host, e.length);
        else
            std::memcpy(host.data() + on_host, ddr.data() + on_card, e.length);
        return 0;
    }
};

aic100::RequestElement random_element(std::mt19937& random, std::uint64_t host, std::uint64_t ddr,
                                      std::uint16_t id)
{
    const auto length = random() % 8 == 0 ? random() % 20000 : random() % 300;
    // Now and then across an end of the memory, where only the failure is compared.
    const auto card = ddr + random() % (ddr_bytes + (random() % 16 == 0 ? 2000 : 0));
    const auto mine = host + random() % (host_bytes - 20000);
    auto e = random() % 2 == 0 ? to_device(id, mine, card, static_cast<std::uint32_t>(length))
                               : from_device(id, card, mine, static_cast<std::uint32_t>(length));
    if (random() % 10 == 0) e = no_transfer(id);
    if (random() % 50 == 0) e.cmd = static_cast<std::uint8_t>(e.cmd | 3);
    if (random() % 50 == 0) e.cmd = static_cast<std::uint8_t>(e.cmd & ~8u);
    if (random() % 5 == 0) e.sem[random() % 4] = 0x40000000; // fences change nothing in a stream in order
    if (random() % 5 == 0) e.sem[random() % 4] = 0x20000000;
    return e;
}

TEST(DmaRandom, StreamsMatchASequentialOracle)
{
    for (const unsigned seed : {1u, 2u, 3u, 4u}) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        Rig rig;
        rig.handshake();
        auto a = rig.run(echo_program(ddr_bytes / 2), seed == 1 ? 7 : 64);
        const auto host = rig.host_memory(host_bytes);
        Oracle oracle;
        for (auto& b : oracle.host) b = static_cast<std::byte>(random());
        std::memcpy(rig.host.at(host), oracle.host.data(), host_bytes);
        std::deque<std::uint16_t> codes;
        std::uint16_t next = 0, expected = 0;
        for (int i = 0; i < 5000; ++i) {
            const auto free =
                a.n - 1 - aic100::fifo_used(rig.reg(a.dbc, aic100::dbc_reg::REQHP), a.tail, a.n);
            for (auto k = free == 0 ? 0 : random() % (free + 1); k != 0; --k) {
                const auto e = random_element(random, host, a.resp.ddr_base, next++);
                codes.push_back(oracle.apply(e, host, a.resp.ddr_base));
                rig.submit(a, {e});
            }
            for (auto k = random() % 3; k != 0; --k) (void)rig.qsm->poll();
            if (random() % 2 == 0) continue; // let the response FIFO fill up at times
            for (const auto& r : rig.responses(a)) {
                ASSERT_EQ(r.req_id, expected++);
                ASSERT_EQ(r.code, codes.front());
                codes.pop_front();
            }
        }
        while (!codes.empty()) {
            const auto got = rig.finish(a);
            ASSERT_FALSE(got.empty());
            for (const auto& r : got) {
                ASSERT_EQ(r.req_id, expected++);
                ASSERT_EQ(r.code, codes.front());
                codes.pop_front();
            }
        }
        EXPECT_GT(next, 5000u);
        EXPECT_EQ(std::memcmp(rig.host.at(host), oracle.host.data(), host_bytes), 0);
        rig.submit(a, {from_device(1, a.resp.ddr_base, host, ddr_bytes)});
        ASSERT_EQ(rig.finish(a).size(), 1u);
        EXPECT_EQ(std::memcmp(rig.host.at(host), oracle.ddr.data(), ddr_bytes), 0);
    }
}

} // namespace
} // namespace qsm_test
