// SPDX-License-Identifier: BSD-3-Clause
// The same sleep on a card behind a vfio-user socket: MSIs come as eventfds of ours that the server writes
// to.
#include "../mldev/fixture.hpp"
#include "../mldev/served_fixture.hpp"
#include "qaic/rte_pmd_qaic_wait.h"

namespace test {
namespace {
using namespace std::chrono_literals;

class WaitingServed : public MlTest {
  protected:
    ServedSocket served;
};

TEST_F(WaitingServed, EveryAnswerWakes)
{
    Plugged plugged("ml_qaic_vfu0", served.devargs());
    ASSERT_EQ(plugged.result, 0);
    std::uint16_t model = 0;
    run(plugged.id, echo(64), &model);
    ASSERT_GE(rte_pmd_qaic_wait_fd_get(plugged.id, 0), 0);
    Op op(model, 64, 64);
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 100; ++i) {
        rte_ml_op *p = &op.op, *back = nullptr;
        ASSERT_EQ(rte_ml_enqueue_burst(plugged.id, 0, &p, 1), 1);
        while (rte_ml_dequeue_burst(plugged.id, 0, &back, 1) == 0) {
            ASSERT_LT(std::chrono::steady_clock::now() - began, 10s) << i << ": a wake-up was lost";
            if (rte_pmd_qaic_wait_arm(plugged.id, 0) != 1) continue;
            if (rte_ml_dequeue_burst(plugged.id, 0, &back, 1) == 1) break;
            (void)rte_pmd_qaic_wait(plugged.id, 0, 10'000'000);
        }
        ASSERT_EQ(back, &op.op);
    }
}

} // namespace
} // namespace test
