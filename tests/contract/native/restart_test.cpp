// SPDX-License-Identifier: BSD-3-Clause
// Programs that die before their activation is known to the host: the card's word (SSR) comes while the
// driver still waits for the answer to ACTIVATE, or just after it. Reliability D30 - D32;
// aic100-device.md 6.1.
#include "fixture.hpp"

namespace test {
namespace {

class Restart : public NativeTest {
  protected:
    [[nodiscard]] Nanos op_timeout() const override { return 20s; }
};

/// It needs a symbol that nobody has: it dies at every activation, at once. Its operations say so, long
/// before their deadline; nobody else's suffers, and the card is never reset.
TEST_F(Restart, AProgramThatDiesAtOnceStaysAloneInThat)
{
    const auto other = start("streaming");
    Op witness(*bus, other, 2 * text_bytes, text_bytes);
    for (int round = 0; round < 30; ++round) {
        const auto model = start("unresolved");
        Op op(*bus, model, device->model(model)->layout().input_bytes,
              device->model(model)->layout().output_bytes);
        const auto began = std::chrono::steady_clock::now();
        infer(op, "dead on arrival");
        EXPECT_FALSE(op.good());
        EXPECT_EQ(op.code(), Code::E_SSR) << code_name(op.code());
        EXPECT_LT(std::chrono::steady_clock::now() - began, op_timeout() / 2) << "no deadline had to pass";
        infer(witness, "witness");
        ASSERT_TRUE(witness.good()) << code_name(witness.code());
        ok(device->stop_model(model));
        ok(device->unload_model(model));
        ASSERT_EQ(device->counters().card_losses, 0u) << round;
        ASSERT_EQ(device->counters().retired_bytes, 0u) << round;
    }
    EXPECT_GE(device->counters().faults, 30u);
    stop(other);
}

/// A crashed card under programs in processes of their own: they run again, the old processes are gone.
TEST_F(Restart, ProgramsComeBackWithTheCard)
{
    const auto count = children();
    const auto model = start("streaming");
    Op op(*bus, model, 2 * text_bytes, text_bytes);
    infer(op, "before");
    ASSERT_TRUE(op.good());
    const auto running = children();
    link.stop();
    link.card().faults().sys_err(false);
    ASSERT_TRUE(link.start(std_thread_starter()));
    ASSERT_TRUE(eventually(
        [&] {
            dequeue();
            return device->counters().card_recoveries == 1;
        },
        60s));
    EXPECT_EQ(device->state(), DeviceState::ONLINE);
    infer(op, "after");
    EXPECT_TRUE(op.good()) << code_name(op.code());
    EXPECT_TRUE(eventually([&] { return children() == running; }));
    stop(model);
    EXPECT_TRUE(eventually([&] { return children() == count; }));
}

} // namespace
} // namespace test
