// SPDX-License-Identifier: BSD-3-Clause
// Messages, telemetry and changes of the address map beside a card that runs in a thread of its own: what the
// thread sanitizer looks at. And what a bus promises of memory, mastering and a card that is gone.
#include "slot_fixture.hpp"
#include <atomic>
#include <thread>

namespace test {
namespace {
using namespace aic100;

class Beside : public SlotTest {
  protected:
    Beside() : SlotTest({.ready_delay = 1ms}) {}
};

TEST_P(Beside, BootMessagesAndMapChanges)
{
    {
        SlotDriver d(slot, config());
        const auto report = d.controller.boot();
        ASSERT_TRUE(report) << report.error().message();
        for (unsigned i = 0; i < 300; ++i) {
            const Bytes message(1 + i * 211 % 65535, static_cast<std::byte>(i));
            const auto echoed = d.controller.loopback(message);
            ASSERT_TRUE(echoed) << echoed.error().message();
            const auto memory = d.bus.dma_alloc(4096, 4096, "beside");
            ASSERT_TRUE(memory);
        }
        const auto power = d.controller.telemetry(8);
        EXPECT_TRUE(power) << power.error().message();
    }
    {
        auto warm = config();
        warm.attach = AttachPolicy::WARM;
        SlotDriver d(slot, warm);
        const auto report = d.controller.boot();
        ASSERT_TRUE(report) << report.error().message();
        EXPECT_EQ(report->found, "AMSS");
        EXPECT_TRUE(d.controller.fence_card());
    }
    EXPECT_EQ(slot.maps(), 0u);
    EXPECT_EQ(slot.refused(), 0u);
}

// EAL's memory events come from any thread while the control thread talks to the card.
TEST_P(Beside, MapsOfOtherThreads)
{
    SlotDriver d(slot, config());
    ASSERT_TRUE(d.controller.boot());
    const auto messages = [&] {
        for (unsigned i = 0; i < 100; ++i) {
            const auto echoed = d.controller.loopback(Bytes(1 + i * 97, std::byte{0x33}));
            EXPECT_TRUE(echoed) << echoed.error().message();
        }
    };
    messages(); // the channel's buffers are there by now
    const auto before = slot.maps();
    std::atomic<bool> stop{false};
    std::atomic<unsigned> failed{0}, changes{0};
    std::thread other([&] {
        // A page of the driver's own memory, shown to the card once more at another address.
        auto page = d.bus.dma_alloc(4096, 4096, "other");
        while (page && !stop) {
            if (!d.bus.dma_map(page->data(), Iova{0x100000}, 4096) || !d.bus.dma_unmap(Iova{0x100000}, 4096))
                ++failed;
            ++changes;
        }
        if (!page) ++failed;
    });
    messages();
    while (changes < 10) std::this_thread::yield();
    stop = true;
    other.join();
    EXPECT_EQ(failed, 0u);
    EXPECT_EQ(slot.maps(), before);
}

TEST_P(Beside, EventsOfTheServices)
{
    SlotDriver d(slot, config());
    std::vector<SsrEvent> ssr;
    unsigned ras = 0;
    d.controller.on_ssr([&](unsigned dbc, SsrEvent e) {
        EXPECT_EQ(dbc, 3u);
        ssr.push_back(e);
    });
    d.controller.on_ras([&](const RasMessage&) { ++ras; });
    ASSERT_TRUE(d.controller.boot());
    slot.with_card([](card::Card& c) {
        c.faults().start_ssr(3, false);
        c.faults().push_ras(RasSource::PCIE, RasErrorType::UNCORRECTABLE);
    });
    EXPECT_TRUE(serve_until(d, [&] { return ssr.size() == 4 && ras == 1; })) << ssr.size() << " " << ras;
    EXPECT_TRUE(serve_until(d, [&] {
        bool idle = false;
        slot.with_card([&](card::Card& c) { idle = c.faults().ssr_idle(); });
        return idle;
    }));
    expect_alive(d);
}

TEST_P(Beside, DoorbellsAreWordsOfTheCard)
{
    SlotDriver d(slot, config());
    auto* const window = d.bus.dbc_window();
    ASSERT_EQ(d.bus.dbc_bytes(), bar_dbc_bytes);
    for (unsigned dbc = 0; dbc < dbc_count; ++dbc) {
        auto& tail = *reinterpret_cast<volatile std::uint32_t*>(window + dbc_offset(dbc) + dbc_reg::REQTP);
        tail = 0x1000 + dbc;
        std::uint32_t seen = 0;
        slot.with_card([&](card::Card& c) { seen = c.read32(bar_dbc, dbc_offset(dbc) + dbc_reg::REQTP); });
        EXPECT_EQ(seen, 0x1000 + dbc);
        tail = 0;
    }
}

TEST_P(Beside, RulesOfTheAddressMap)
{
    SlotDriver d(slot, config());
    auto page = d.bus.dma_alloc(8192, 4096, "page");
    ASSERT_TRUE(page) << page.error().message();
    const auto maps = slot.maps();
    EXPECT_EQ(d.bus.dma_map(page->data(), page->iova(), 4096).error().code, Code::E_IOVA) << "overlap";
    EXPECT_EQ(d.bus.dma_map(page->data(), Iova{~0ull - 4095}, 8192).error().code, Code::E_IOVA) << "wraps";
    EXPECT_EQ(d.bus.dma_map(page->data(), Iova{0x100000}, 0).error().code, Code::E_IOVA) << "empty";
    EXPECT_EQ(d.bus.dma_unmap(Iova{0x100000}, 4096).error().code, Code::E_IOVA) << "never mapped";
    ASSERT_TRUE(d.bus.dma_map(page->data(), Iova{0x100000}, 8192));
    EXPECT_EQ(slot.maps(), maps + 1);
    EXPECT_EQ(d.bus.dma_unmap(Iova{0x100000}, 4096).error().code, Code::E_IOVA) << "a part";
    EXPECT_TRUE(d.bus.dma_unmap(Iova{0x100000}, 8192));
    EXPECT_EQ(slot.maps(), maps);
    EXPECT_FALSE(d.bus.dma_alloc(0, 64, "empty"));
    EXPECT_FALSE(d.bus.dma_alloc(64, 63, "odd"));
}

TEST_P(Beside, WithoutBusMasteringTheCardIsSilent)
{
    auto limits = config();
    limits.limits.op = 200ms;
    SlotDriver d(slot, limits);
    ASSERT_TRUE(d.controller.boot());
    expect_alive(d);
    ASSERT_TRUE(d.bus.set_bus_master(false));
    EXPECT_FALSE(d.controller.loopback(Bytes(64, std::byte{1}))) << "no DMA, no answer";
    ASSERT_TRUE(d.bus.set_bus_master(true));
    ASSERT_TRUE(d.controller.boot());
    expect_alive(d);
}

TEST_P(Beside, ACardThatIsGoneReadsAllOnes)
{
    SlotDriver d(slot, config());
    ASSERT_TRUE(d.controller.boot());
    slot.with_card([](card::Card& c) { c.faults().surprise_remove(); });
    EXPECT_EQ(d.bus.mhi_read32(0), all_ones);
    EXPECT_TRUE(serve_until(d, [&] { return d.controller.health() == mhi::Health::GONE; }));
    EXPECT_EQ(d.controller.loopback(Bytes(64)).error().code, Code::E_REMOVED);
}

TEST_P(Beside, ADriverThatIsCutOffSeesTheSame)
{
    SlotDriver d(slot, config());
    ASSERT_TRUE(d.controller.boot());
    d.bus.kill();
    EXPECT_EQ(d.bus.mhi_read32(0), all_ones);
    EXPECT_TRUE(serve_until(d, [&] { return d.controller.health() == mhi::Health::GONE; }));
    EXPECT_EQ(slot.stage(), card::Stage::AMSS_M0) << "the card runs on";
}

INSTANTIATE_TEST_SUITE_P(Bus, Beside, ::testing::ValuesIn(threaded_slots()), slot_name);

} // namespace
} // namespace test
