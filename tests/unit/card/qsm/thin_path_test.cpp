// SPDX-License-Identifier: BSD-3-Clause
// The whole chain once, thin: STATUS, load, activate, inferences, deactivate, unload, terminate.
#include "rig.hpp"

namespace qsm_test {
namespace {

/// One inference of echo_program(), as the metadata's requests say.
std::vector<aic100::RequestElement> echo_elements(const Active& a, std::uint16_t id, std::uint64_t in,
                                                  std::uint64_t out, std::uint32_t bytes)
{
    auto e0 = to_device(id, in, a.resp.ddr_base, bytes);
    e0.cmd = 0x09; // one response an inference, from the last element
    e0.sem[0] = 0x84400001;
    e0.sem[1] = 0x81000000;
    add_doorbell(e0, a.resp.mcid_base, 1);
    auto e1 = from_device(id, a.resp.ddr_base + bytes, out, bytes);
    e1.sem[0] = 0x84410000;
    e1.sem[1] = 0x81010001;
    add_doorbell(e1, a.resp.mcid_base + 4, 1);
    return {e0, e1};
}

TEST(ThinPath, EchoThroughOneChannel)
{
    Rig rig;
    rig.handshake();
    constexpr std::uint32_t bytes = 4096;
    auto a = rig.run(echo_program(bytes));
    const auto in = rig.host_memory(bytes), out = rig.host_memory(bytes);
    for (std::uint16_t i = 0; i < 200; ++i) {
        std::memset(rig.host.at(in), i, bytes);
        rig.submit(a, echo_elements(a, i, in, out, bytes));
        const auto got = rig.finish(a);
        ASSERT_EQ(got.size(), 1u) << i;
        EXPECT_EQ(got[0].req_id, i);
        EXPECT_EQ(got[0].code, 0);
        ASSERT_EQ(std::memcmp(rig.host.at(in), rig.host.at(out), bytes), 0) << i;
    }
    EXPECT_EQ(rig.deactivate(a), 0);
    aic100::UnloadId c{7, 1};
    EXPECT_EQ(rig.command<aic100::StatusResp>(c).status, 0);
    EXPECT_FALSE(rig.qsm->dbc(a.dbc).active);
}

TEST(ThinPath, ManyInferencesInFlight)
{
    Rig rig;
    rig.handshake();
    constexpr std::uint32_t bytes = 64, depth = 25;
    auto a = rig.run(echo_program(bytes));
    const auto in = rig.host_memory(bytes * depth), out = rig.host_memory(bytes * depth);
    for (std::uint32_t i = 0; i < bytes * depth; ++i)
        rig.host.put(in + i, static_cast<std::uint8_t>(i * 7 + i / 64));
    for (std::uint16_t i = 0; i < depth; ++i)
        rig.submit(a, echo_elements(a, i, in + i * bytes, out + i * bytes, bytes));
    const auto got = rig.finish(a);
    ASSERT_EQ(got.size(), depth);
    for (std::uint16_t i = 0; i < depth; ++i) EXPECT_EQ(got[i].req_id, i);
    EXPECT_EQ(std::memcmp(rig.host.at(in), rig.host.at(out), bytes * depth), 0);
}

} // namespace
} // namespace qsm_test
