// SPDX-License-Identifier: BSD-3-Clause
// A card behind the native API.
#pragma once
#include "../mldev/fixture.hpp"
#include "qaic/rte_pmd_qaic.h"
#include <cerrno>
#include <functional>

namespace test {

class NativeTest : public MlTest {
  protected:
    NativeTest() { EXPECT_EQ(card.result, 0); }
    [[nodiscard]] std::int16_t id() const { return card.id; }
    [[nodiscard]] rte_pmd_qaic_health health() const
    {
        rte_pmd_qaic_health h{};
        h.size = sizeof h;
        int result = -EBUSY; // a boot may hold the card's lock for longer than the call waits
        EXPECT_TRUE(waited([&] { return (result = rte_pmd_qaic_health_get(id(), &h)) != -EBUSY; }));
        EXPECT_EQ(result, 0);
        return h;
    }
    [[nodiscard]] rte_pmd_qaic_model_info info(std::uint16_t model) const
    {
        rte_pmd_qaic_model_info m{};
        m.size = sizeof m;
        EXPECT_EQ(rte_pmd_qaic_model_info_get(id(), model, &m), 0);
        return m;
    }
    /// Within 20 s.
    static bool waited(const std::function<bool()>& done)
    {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!done() && std::chrono::steady_clock::now() < end)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return done();
    }
    Plugged card{"ml_qaic_emu0", "housekeeping_ms=5"};
};

} // namespace test
