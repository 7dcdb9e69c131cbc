// SPDX-License-Identifier: BSD-3-Clause
// The ledger over a whole device and the emulated card in a thread of this process, both bus and registers as
// the plugin has them; housekeeping runs beside it. No EAL.
#include "qaic/bus/in_process.hpp"
#include "qaic/device.hpp"
#include "run.hpp"
#include "support/programs.hpp"
#include "support/std_thread.hpp"

namespace test {
namespace {
using namespace qaic;

/// Parameter: activations of the model; 1 = one channel for all queue pairs, 3 = one for each.
class CardLedger : public ::testing::TestWithParam<unsigned> {
  protected:
    static void ok(const Result<void>& r) { ASSERT_TRUE(r) << r.error().message(); }
    void SetUp() override
    {
        ASSERT_NE(std::getenv("QAIC_TEST_FIRMWARE"), nullptr);
        ok(link.start(std_thread_starter(), {.spins = 50, .sleep = 20us}));
        DeviceConfig c;
        c.controller.firmware_path = {std::getenv("QAIC_TEST_FIRMWARE")};
        c.op_timeout = 100s; // a busy machine is not what is tested
        c.tsc_hz = 1'000'000'000;
        c.instances = GetParam();
        auto plugged = std::make_unique<InProcessBus>(link, "aic0");
        bus = plugged.get();
        device = std::make_unique<Device>(std::move(plugged), c);
        ok(device->attach());
        ok(device->configure(pairs, 1));
        for (std::uint16_t i = 0; i < pairs; ++i) {
            auto pair = device->setup_queue_pair(i, depth, nullptr);
            ASSERT_TRUE(pair) << pair.error().message();
            qps.push_back(*pair);
        }
        ok(device->start());
        const auto model = device->load_model(echo_program(Book::tensor));
        ASSERT_TRUE(model) << model.error().message();
        ok(device->start_model(*model));
        for (std::uint16_t i = 0; i < pairs; ++i) add_book(i, *model);
    }
    void TearDown() override
    {
        payload.clear();
        device.reset();
        link.stop();
    }
    void add_book(std::uint16_t i, std::uint16_t model)
    {
        constexpr std::uint32_t operations = 2 * depth;
        auto memory = bus->dma_alloc(std::size_t{operations} * 2 * Book::tensor, 4096, "operations");
        ASSERT_TRUE(memory) << memory.error().message();
        books.push_back(std::make_unique<Book>(operations, i, model, memory->data(), memory->iova().value));
        payload.push_back(std::move(*memory));
    }

    SteadyClock clock;
    InProcessLink link{{.ready_delay = 1ms}, clock};
    InProcessBus* bus = nullptr;
    std::unique_ptr<Device> device;
    std::vector<QueuePair*> qps;
    std::vector<DmaMemory> payload;
    std::vector<std::unique_ptr<Book>> books;
};

TEST_P(CardLedger, EveryOperationComesBackExactlyOnce)
{
    const auto total = ledger_operations("QAIC_LEDGER_CARD", 200'000) / 2; // over both forms
    keep_books(books, qps, total, [&] {
        if (device->housekeep()) device->recover();
        std::this_thread::sleep_for(10ms);
    });
    EXPECT_EQ(device->state(), DeviceState::ONLINE);
    EXPECT_EQ(device->counters().faults, 0u);
    EXPECT_EQ(link.refused(), 0u);
    ok(device->stop(0));
    ok(device->close(false, 0));
}

INSTANTIATE_TEST_SUITE_P(Channels, CardLedger, ::testing::Values(1u, pairs),
                         [](const auto& of) { return std::string(of.param == 1 ? "Shared" : "Own"); });

} // namespace
} // namespace test
