// SPDX-License-Identifier: BSD-3-Clause
// A driver killed with SIGKILL at any point leaves a card that the next driver brings to mission mode again
// (reliability.md H06). The card lives in this process; each driver is a forked child.
#include "aic100/wire/nsp_program.hpp"
#include "support/session.hpp"
#include "support/shm_bus.hpp"
#include <cstdlib>
#include <gtest/gtest.h>
#include <random>
#include <sys/wait.h>
#include <unistd.h>

namespace {
using namespace qaic;

constexpr std::uint64_t inferences = 200;

struct Args {
    const char* firmware = std::getenv("QAIC_TEST_FIRMWARE");
    const char* program = std::getenv("QAIC_TEST_QPC"); ///< echo, any size
};

/// The child: boot, load, run, verify, clean up. Returns what goes into the report; empty means all was well.
std::string drive(test::Shared& shared, std::byte* window, const Args& args)
{
    test::ShmBus bus(shared, window);
    auto program = qpc::load_program_file(args.program);
    if (!program) return program.error().message();
    test::Session session(bus, args.firmware);
    if (auto r = session.boot(); !r) return r.error().message();
    const auto now = [&] { return static_cast<std::uint64_t>(bus.clock().now().count()); };
    auto running = session.start(program->program, 8, 5'000'000'000, now());
    if (!running) return running.error().message();
    const auto bytes = running->plan.input_bytes;
    auto in = bus.dma_alloc(bytes, 64, "in"), out = bus.dma_alloc(bytes, 64, "out");
    if (!in || !out) return "no memory";
    auto& lane = running->queue->lane(0);
    for (std::uint64_t i = 0; i < inferences; ++i) {
        std::memset(in->data(), static_cast<int>(i + 1), bytes);
        const dbc::Work work{nullptr, in->iova().value, out->iova().value};
        lane.submit(running->plan.elements, &work, 1);
        lane.flush();
        std::uint16_t code = 0xffff;
        auto done = wait_until(bus, "an inference", 5s, 50us, [&] {
            return lane.poll(1, [&](std::uint32_t, void*, std::uint16_t c) { code = c; }) == 1 ||
                   !running->queue->channel().active();
        });
        if (!done) return done.error().message();
        if (code != 0) return fmt::format("completion code {} ({})", code, running->queue->fault_text());
        if (std::memcmp(in->data(), out->data(), bytes) != 0)
            return fmt::format("inference {}: wrong bytes", i);
        bus.count_point();
    }
    if (auto r = session.stop(*running); !r) return r.error().message();
    session.controller().shutdown();
    return {};
}

class Kill : public ::testing::Test {
  protected:
    void SetUp() override
    {
        ASSERT_NE(args.firmware, nullptr) << "QAIC_TEST_FIRMWARE is not set";
        ASSERT_NE(args.program, nullptr) << "QAIC_TEST_QPC is not set";
        shared = test::Shared::create();
        ASSERT_NE(shared, nullptr);
        host = std::make_unique<test::ShmHost>(*shared);
        device = std::make_unique<card::Card>(card::CardConfig{.ready_delay = 1ms}, *host, clock);
    }
    /// Runs one driver; kills it once `at` points have passed. True when it ended by itself and was content.
    bool run(std::uint64_t at)
    {
        shared->points = 0, shared->turn = test::Shared::IDLE, shared->report[0] = 0;
        host->alive = true;
        const auto child = fork();
        if (child == 0) {
            const auto report = drive(*shared, device->dbc_window().data(), args);
            std::strncpy(shared->report, report.c_str(), sizeof(shared->report) - 1);
            _exit(report.empty() ? 0 : 1);
        }
        const auto start = clock.now();
        int status = 0;
        bool killed = false;
        for (unsigned idle = 0;;) {
            const bool polled = device->poll(), served = host->serve(*device);
            const bool busy = polled || served;
            idle = busy ? 0 : idle + 1;
            if (idle > 50) sched_yield();
            if (!killed && shared->points.load() >= at) killed = true, kill(child, SIGKILL);
            if (idle % 64 == 63 || killed)
                if (waitpid(child, &status, WNOHANG) == child) break;
            if (clock.now() - start > 60s)
                kill(child, SIGKILL), killed = true, ADD_FAILURE() << "driver hangs";
        }
        // The process is gone: its IOMMU maps and bus mastering with it. The card itself goes on, and must
        // not care.
        host->alive = false;
        shared->bus_master = 0;
        device->set_bus_master(false);
        for (int i = 0; i < 100; ++i) device->poll();
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    Args args;
    test::Shared* shared = nullptr;
    SteadyClock clock;
    std::unique_ptr<test::ShmHost> host;
    std::unique_ptr<card::Card> device;
};

TEST_F(Kill, TwentyRandomPointsAndTheNextDriverAlwaysWorks)
{
    ASSERT_TRUE(run(~0ull)) << shared->report;
    const auto total = shared->points.load();
    ASSERT_GT(total, inferences);
    const auto seed = std::random_device{}();
    std::mt19937_64 random(seed);
    SCOPED_TRACE(fmt::format("seed {} points {}", seed, total));
    RecordProperty("points", std::to_string(total));
    for (int i = 0; i < 20; ++i) {
        // Half of the kills during the boot and load phases, half anywhere.
        const auto range = i % 2 == 0 ? total : total - inferences;
        const auto at = 1 + random() % range;
        run(at);
        ASSERT_TRUE(run(~0ull)) << "after a kill at point " << at << ": " << shared->report;
    }
}

TEST_F(Kill, KilledAgainDuringEachRecovery)
{
    std::mt19937_64 random(11);
    for (int i = 0; i < 10; ++i) run(1 + random() % 300);
    ASSERT_TRUE(run(~0ull)) << shared->report;
}
} // namespace
