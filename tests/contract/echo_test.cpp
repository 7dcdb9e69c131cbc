// SPDX-License-Identifier: BSD-3-Clause
// Inferences of random size on all 16 DBCs at once, every byte compared, every operation accounted for: the
// driver core over each bus, on a card with a thread of its own.
#include "slot.hpp"
#include "support/session.hpp"
#include <cmath>
#include <cstdlib>
#include <gtest/gtest.h>
#include <random>

namespace {
using namespace qaic;

constexpr std::uint32_t depth = 4;
constexpr std::size_t largest = 1u << 20, pool_bytes = 8u << 20, canary_bytes = 64;

std::uint64_t wanted()
{
    const char* n = std::getenv("QAIC_TEST_ECHOES"); // meson sets it by build type
    return n != nullptr ? std::strtoull(n, nullptr, 0) : 20'000;
}

/// One operation in flight: which bytes went in, where they come back, and how often they did.
struct Flight {
    std::size_t offset = 0, bytes = 0;
    std::byte* out = nullptr;
    std::uint64_t out_iova = 0;
    bool busy = false;
};

struct Lane16 {
    test::Running running;
    DmaMemory out;
    std::array<Flight, depth> flights;
};

class Echo : public ::testing::TestWithParam<test::SlotKind> {
  protected:
    void SetUp() override
    {
        const char* fw = std::getenv("QAIC_TEST_FIRMWARE");
        const char* qpc_file = std::getenv("QAIC_TEST_QPC_1M");
        ASSERT_TRUE(fw != nullptr && qpc_file != nullptr);
        auto plugged = slot->plug();
        ASSERT_TRUE(plugged) << plugged.error().message();
        bus_owner = std::move(*plugged);
        session = std::make_unique<test::Session>(*bus_owner, fw);
        auto booted = session->boot();
        ASSERT_TRUE(booted) << booted.error().message();
        auto loaded = qpc::load_program_file(qpc_file);
        ASSERT_TRUE(loaded) << loaded.error().message();
        program = std::move(*loaded);
        auto memory = bus_owner->dma_alloc(pool_bytes, 4096, "pool");
        ASSERT_TRUE(memory) << memory.error().message();
        pool = std::move(*memory);
        std::mt19937_64 fill_random(5);
        for (std::size_t i = 0; i < pool_bytes; i += 8) {
            const auto v = fill_random();
            std::memcpy(pool.data() + i, &v, 8);
        }
    }
    [[nodiscard]] std::uint64_t now() const { return static_cast<std::uint64_t>(clock.now().count()); }
    /// Sizes spread evenly over the orders of magnitude from 1 B to 1 MiB.
    std::size_t random_size()
    {
        const double bits = std::uniform_real_distribution<>(0, 20)(random);
        return std::clamp<std::size_t>(static_cast<std::size_t>(std::exp2(bits)), 1, largest);
    }
    void submit(Lane16& l, Flight& f)
    {
        f.bytes = random_size();
        f.offset = random() % (pool_bytes - f.bytes);
        f.busy = true;
        std::memset(f.out + f.bytes, 0x5a, canary_bytes);
        auto& lane = l.running.queue->lane(0);
        auto elements = l.running.plan.elements;
        for (auto& e : elements)
            e.wire.length = static_cast<std::uint32_t>(f.bytes); // a partial execution, 5.6
        const qaic::dbc::Work work{&f, pool.iova().value + f.offset, f.out_iova};
        const auto n = lane.submit(elements, &work, 1);
        lane.flush();
        if (n == 1)
            ++submitted;
        else
            f.busy = false;
    }
    void check(Flight& f, std::uint16_t code)
    {
        ++returned;
        const bool good = f.busy && code == 0 && std::memcmp(f.out, pool.data() + f.offset, f.bytes) == 0 &&
                          std::all_of(f.out + f.bytes, f.out + f.bytes + canary_bytes,
                                      [](std::byte b) { return b == std::byte{0x5a}; });
        if (!good) ++wrong;
        f.busy = false;
        total_bytes += f.bytes;
    }

    SteadyClock clock;
    std::unique_ptr<test::Slot> slot = GetParam().make({.ready_delay = 1ms});
    std::unique_ptr<test::SlotBus> bus_owner;
    std::unique_ptr<test::Session> session;
    qpc::OwnedProgram program;
    DmaMemory pool;
    std::mt19937_64 random{20261122};
    std::uint64_t submitted = 0, returned = 0, wrong = 0, total_bytes = 0;
};

TEST_P(Echo, RandomSizesOnSixteenDbcsAreBitExactAndBalance)
{
    // Over the socket the data path is the same memory: a fifth of them shows it.
    const auto goal = std::string_view(GetParam().name) == "VfioUser" ? wanted() / 5 : wanted();
    std::vector<Lane16> lanes(aic100::dbc_count);
    for (auto& l : lanes) {
        auto running = session->start(program.program, depth, 20'000'000'000, now());
        ASSERT_TRUE(running) << running.error().message();
        l.running = std::move(*running);
        auto memory = bus_owner->dma_alloc(depth * (largest + canary_bytes), 4096, "out");
        ASSERT_TRUE(memory) << memory.error().message();
        l.out = std::move(*memory);
        for (std::size_t i = 0; i < depth; ++i) {
            l.flights[i].out = l.out.data() + i * (largest + canary_bytes);
            l.flights[i].out_iova = l.out.iova().value + i * (largest + canary_bytes);
        }
    }
    auto seventeenth = session->start(program.program, depth, 1, now());
    ASSERT_FALSE(seventeenth) << "a card has 16 DBCs";
    EXPECT_EQ(seventeenth.error().code, Code::E_NORES) << seventeenth.error().message();

    auto last_progress = clock.now();
    while (returned < goal) {
        const auto before = returned;
        for (auto& l : lanes) {
            for (auto& f : l.flights)
                if (!f.busy && submitted < goal) submit(l, f);
            l.running.queue->lane(0).poll(depth, [&](std::uint32_t, void* token, std::uint16_t code) {
                check(*static_cast<Flight*>(token), code);
            });
            ASSERT_TRUE(l.running.queue->channel().active()) << l.running.queue->fault_text();
        }
        if (returned != before) last_progress = clock.now();
        ASSERT_LT(clock.now() - last_progress, 20s)
            << "stuck: submitted " << submitted << " returned " << returned;
        if (returned == before) session->controller().poll();
    }
    EXPECT_EQ(submitted, goal);
    EXPECT_EQ(returned, goal);
    EXPECT_EQ(wrong, 0u);
    for (auto& l : lanes) {
        EXPECT_EQ(l.running.queue->outstanding(), 0u);
        auto stopped = session->stop(l.running);
        EXPECT_TRUE(stopped) << stopped.error().message();
    }
    RecordProperty("bytes", std::to_string(total_bytes));
    session->controller().shutdown();
    EXPECT_EQ(slot->refused(), 0u) << "the card reached for memory that is not mapped";
}

INSTANTIATE_TEST_SUITE_P(Bus, Echo, ::testing::ValuesIn(test::threaded_slots()), test::slot_name);
} // namespace
