// SPDX-License-Identifier: BSD-3-Clause
// Host-native NSP programs through the driver: a Device on an emulated card that a thread polls, real time,
// real processes. What the machine has open, mapped and running is counted from /proc.
#pragma once
#include "card/faults.hpp"
#include "card/qsm.hpp"
#include "qaic/bus/in_process.hpp"
#include "qaic/device.hpp"
#include "qaic/mldev_fast.hpp"
#include "qpc/file.hpp"
#include "support/std_thread.hpp"
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <rte_cycles.h>
#include <unistd.h>

namespace test {
using namespace qaic;

constexpr std::size_t text_bytes = 64; ///< of a tensor of the programs' samples

/// Processes whose parent is `parent`, zombies among them.
inline unsigned children_of(int parent)
{
    unsigned n = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        std::ifstream in(entry.path() / "stat");
        std::string line;
        if (!std::getline(in, line)) continue;
        const auto end = line.rfind(')'); // the name may hold anything
        char state = 0;
        int ppid = -1;
        if (end != std::string::npos && std::sscanf(line.c_str() + end + 1, " %c %d", &state, &ppid) == 2)
            n += ppid == parent;
    }
    return n;
}
inline unsigned children() { return children_of(::getpid()); }

inline std::size_t open_files()
{
    std::size_t n = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++n;
    return n;
}
inline std::size_t mappings()
{
    std::ifstream in("/proc/self/maps");
    std::string line;
    std::size_t n = 0;
    while (std::getline(in, line)) ++n;
    return n;
}
/// MiB.
inline std::size_t resident()
{
    std::ifstream in("/proc/self/statm");
    std::size_t total = 0, pages = 0;
    in >> total >> pages;
    return pages * 4096 >> 20;
}

/// Looks again until it holds, at most `limit` of real time.
template<class Condition>
bool eventually(Condition&& holds, Nanos limit = 10s)
{
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

/// One operation with buffers of its own.
struct Op {
    Op(Bus& bus, std::uint16_t model, std::size_t in_bytes, std::size_t out_bytes)
    {
        auto m = bus.dma_alloc(in_bytes + out_bytes, 4096, "op");
        EXPECT_TRUE(m) << m.error().message();
        memory = std::move(*m);
        segments[0] = segment(0, in_bytes);
        segments[1] = segment(in_bytes, out_bytes);
        op.model_id = model;
        op.nb_batches = 1;
        op.input = &lists[0];
        op.output = &lists[1];
        op.user_ptr = this;
    }
    rte_ml_buff_seg segment(std::size_t at, std::size_t bytes) const
    {
        rte_ml_buff_seg s{};
        s.addr = memory.data() + at;
        s.iova_addr = memory.iova().value + at;
        s.length = static_cast<std::uint32_t>(bytes);
        return s;
    }
    [[nodiscard]] std::string text(unsigned which) const
    {
        return {static_cast<const char*>(segments[which].addr), segments[which].length};
    }
    void set(std::string_view in)
    {
        std::memset(segments[0].addr, 0, segments[0].length);
        std::memset(segments[1].addr, 0x5a, segments[1].length);
        std::memcpy(segments[0].addr, in.data(), std::min<std::size_t>(in.size(), segments[0].length));
    }
    [[nodiscard]] bool good() const { return op.status == RTE_ML_OP_STATUS_SUCCESS; }
    [[nodiscard]] Code code() const { return OpFate::unpack(op.impl_opaque).code; }
    DmaMemory memory;
    rte_ml_buff_seg segments[2]{};
    rte_ml_buff_seg* lists[2] = {&segments[0], &segments[1]};
    rte_ml_op op{};
    unsigned returned = 0;
};

class NativeTest : public ::testing::Test {
  protected:
    void SetUp() override
    {
        set_log_sink([](LogAt, std::string_view line) noexcept {
            const std::lock_guard guard(log_lock());
            log_text().append(line).append("\n");
        });
        log_text().clear();
        const char* fw = std::getenv("QAIC_TEST_FIRMWARE");
        ASSERT_TRUE(fw != nullptr && programs != nullptr);
        DeviceConfig c;
        c.controller.firmware_path = {fw};
        c.op_timeout = op_timeout();
        c.tsc_hz = tsc_hz();
        c.controller.wall_clock_us = [] { return std::uint64_t{1'700'000'000'000'000}; };
        ASSERT_TRUE(link.start(std_thread_starter()));
        auto b = std::make_unique<InProcessBus>(link, "aic0");
        bus = b.get();
        device = std::make_unique<Device>(std::move(b), std::move(c));
        ok(device->attach());
        ok(device->configure(1, 8));
        auto pair = device->setup_queue_pair(0, 256, nullptr);
        ASSERT_TRUE(pair) << pair.error().message();
        qp = *pair;
        ok(device->start());
    }
    void TearDown() override
    {
        if (device) ok(device->close(true, 0));
        device.reset();
        link.stop();
        if (HasFailure()) std::printf("---- the driver's log\n%s", log_text().c_str());
        EXPECT_EQ(link.refused(), 0u) << "the card reached for memory that is not mapped";
    }
    /// Long: an inference that must succeed has time, however busy the machine is.
    [[nodiscard]] virtual Nanos op_timeout() const { return 60s; }
    static void ok(const Result<void>& r) { EXPECT_TRUE(r) << r.error().message(); }

    /// Loads a program of the build and starts it.
    std::uint16_t start(const std::string& name)
    {
        auto path = std::string(programs) + "/" + name + ".qpc";
        for (const char* own : {"QAIC_TEST_RUDE", "QAIC_TEST_OWN_PROGRAMS"}) // programs of the tests
            if (const char* at = std::getenv(own); at != nullptr && !std::filesystem::exists(path))
                path = std::string(at) + "/" + name + ".qpc";
        const auto file = qpc::read_file(path);
        EXPECT_TRUE(file) << file.error().message();
        if (!file) return 0;
        const auto id = device->load_model(file->span());
        EXPECT_TRUE(id) << id.error().message();
        if (!id) return 0;
        ok(device->start_model(*id));
        return *id;
    }
    void stop(std::uint16_t model)
    {
        ok(device->stop_model(model));
        ok(device->unload_model(model));
    }
    void enqueue(Op& op)
    {
        rte_ml_op* p = &op.op;
        ASSERT_EQ(fast::enqueue_burst(*qp, &p, 1), 1);
    }
    /// What is there now, upkeep included.
    unsigned dequeue()
    {
        std::array<rte_ml_op*, 64> got{};
        const auto n = fast::dequeue_burst(*qp, got.data(), static_cast<std::uint16_t>(got.size()));
        for (std::uint16_t i = 0; i < n; ++i) ++static_cast<Op*>(got[i]->user_ptr)->returned;
        if (n == 0 && device->housekeep()) device->recover();
        if (n == 0) std::this_thread::yield();
        return n;
    }
    /// One inference from beginning to end.
    void infer(Op& op, std::string_view in)
    {
        op.set(in);
        op.returned = 0;
        enqueue(op);
        ASSERT_TRUE(eventually_dequeued(op)) << "no answer";
    }
    bool eventually_dequeued(Op& op, Nanos limit = 90s)
    {
        const auto end = std::chrono::steady_clock::now() + limit;
        while (op.returned == 0 && std::chrono::steady_clock::now() < end) dequeue();
        return op.returned == 1;
    }
    /// Upkeep until the driver has activated `count` times again.
    bool reactivated(std::uint64_t count)
    {
        return eventually(
            [&] {
                dequeue();
                return device->counters().reactivations >= count;
            },
            30s);
    }
    static std::uint64_t tsc_hz()
    {
        static const std::uint64_t hz = [] {
            const auto t0 = std::chrono::steady_clock::now();
            const auto c0 = rte_rdtsc();
            while (std::chrono::steady_clock::now() - t0 < 50ms) {
            }
            return (rte_rdtsc() - c0) * 20;
        }();
        return hz;
    }

    static std::mutex& log_lock()
    {
        static std::mutex lock;
        return lock;
    }
    static std::string& log_text()
    {
        static std::string text;
        return text;
    }

    const char* programs = std::getenv("QAIC_TEST_PROGRAMS");
    SteadyClock clock;
    InProcessLink link{card::CardConfig{.ready_delay = 1ms}, clock};
    InProcessBus* bus = nullptr;
    std::unique_ptr<Device> device;
    QueuePair* qp = nullptr;
};

} // namespace test
