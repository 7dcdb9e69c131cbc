// SPDX-License-Identifier: BSD-3-Clause
// A queue pair taken raw: same card, same guards, tokens instead of rte_ml_op.
#include "native_fixture.hpp"
#include "qaic/rte_pmd_qaic_dp.h"
#include <array>
#include <cstring>
#include <map>
#include <rte_cycles.h>
#include <rte_malloc.h>
#include <vector>

namespace test {
namespace {

constexpr std::uint32_t bytes = 4096, buffers = 32;

/// Echo on queue pair 0, taken raw, with `buffers` inputs and outputs.
class NativeDatapath : public NativeTest {
  protected:
    void SetUp() override
    {
        ASSERT_EQ(configure(id()), 0);
        ASSERT_EQ(queue(id()), 0);
        ASSERT_EQ(rte_ml_dev_start(id()), 0);
        ASSERT_EQ(load(id(), echo(bytes), &model), 0);
        ASSERT_EQ(rte_ml_model_start(id(), model), 0);
        ASSERT_EQ(rte_pmd_qaic_queue_get(id(), 0, &raw), 0);
        memory = static_cast<unsigned char*>(rte_zmalloc("native", 2ul * buffers * bytes, 4096));
        ASSERT_NE(memory, nullptr);
    }
    void TearDown() override { rte_free(memory); }
    unsigned char* input(std::uintptr_t i) const { return memory + i * bytes; }
    unsigned char* output(std::uintptr_t i) const { return memory + (buffers + i) * bytes; }
    rte_pmd_qaic_work work(std::uintptr_t i) const
    {
        return {reinterpret_cast<void*>(i), rte_mem_virt2iova(input(i)), rte_mem_virt2iova(output(i))};
    }
    rte_pmd_qaic_queue* raw = nullptr;
    std::uint16_t model = 0;
    unsigned char* memory = nullptr;
};

TEST_F(NativeDatapath, EveryTokenComesBackOnceWithItsOutput)
{
    std::vector<std::uintptr_t> idle;
    for (std::uintptr_t i = 0; i < buffers; ++i) idle.push_back(i);
    std::uint64_t sent = 0, back = 0;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (back < 5000) {
        ASSERT_LT(std::chrono::steady_clock::now(), end);
        std::array<rte_pmd_qaic_work, 8> w{};
        std::uint16_t n = 0;
        for (; n < w.size() && n < idle.size(); ++n) {
            const auto i = idle[idle.size() - 1 - n];
            std::memset(input(i), static_cast<int>(sent + n), bytes);
            w[n] = work(i);
        }
        const auto taken = rte_pmd_qaic_submit(raw, model, w.data(), n);
        idle.resize(idle.size() - taken);
        sent += taken;
        std::array<rte_pmd_qaic_done, 16> done{};
        const auto got = rte_pmd_qaic_poll(raw, done.data(), done.size());
        for (std::uint16_t k = 0; k < got; ++k, ++back) {
            ASSERT_EQ(done[k].error, 0u);
            const auto i = reinterpret_cast<std::uintptr_t>(done[k].token);
            ASSERT_LT(i, buffers);
            ASSERT_EQ(std::count(idle.begin(), idle.end(), i), 0) << "came back twice";
            ASSERT_EQ(std::memcmp(input(i), output(i), bytes), 0);
            idle.push_back(i);
        }
    }
    rte_ml_dev_stats stats{};
    ASSERT_EQ(rte_ml_dev_stats_get(id(), &stats), 0);
    EXPECT_EQ(stats.enqueued_count, sent);
    EXPECT_EQ(stats.dequeued_count, back);
}

TEST_F(NativeDatapath, MldevTakesAndGivesNothingOnIt)
{
    Op op(model, bytes, bytes);
    auto* p = &op.op;
    EXPECT_EQ(rte_ml_enqueue_burst(id(), 0, &p, 1), 0);
    const auto w = work(0);
    ASSERT_EQ(rte_pmd_qaic_submit(raw, model, &w, 1), 1);
    rte_pmd_qaic_done done{};
    unsigned back = 0;
    EXPECT_TRUE(waited([&] {
        EXPECT_EQ(rte_ml_dequeue_burst(id(), 0, &p, 1), 0);
        back += rte_pmd_qaic_poll(raw, &done, 1);
        return back == 1;
    }));
    EXPECT_EQ(done.token, nullptr);
}

TEST_F(NativeDatapath, NothingIsTakenForAModelThatIsNotStarted)
{
    const auto w = work(0);
    EXPECT_EQ(rte_pmd_qaic_submit(raw, 7, &w, 1), 0);
    EXPECT_EQ(rte_pmd_qaic_submit(raw, 60'000, &w, 1), 0);
    ASSERT_EQ(rte_ml_model_stop(id(), model), 0);
    EXPECT_EQ(rte_pmd_qaic_submit(raw, model, &w, 1), 0);
}

/// A reset with operations out: each comes back once, with the reason.
TEST_F(NativeDatapath, ResetGivesEverythingBack)
{
    std::array<rte_pmd_qaic_work, buffers> w{};
    for (std::uintptr_t i = 0; i < buffers; ++i) w[i] = work(i);
    const auto taken = rte_pmd_qaic_submit(raw, model, w.data(), buffers);
    ASSERT_GT(taken, 0);
    ASSERT_EQ(rte_pmd_qaic_reset(id()), 0);
    std::array<bool, buffers> seen{};
    std::uint16_t back = 0;
    EXPECT_TRUE(waited([&] {
        std::array<rte_pmd_qaic_done, buffers> done{};
        const auto got = rte_pmd_qaic_poll(raw, done.data(), done.size());
        for (std::uint16_t k = 0; k < got; ++k) {
            const auto i = reinterpret_cast<std::uintptr_t>(done[k].token);
            EXPECT_FALSE(seen.at(i));
            seen.at(i) = true;
        }
        back = static_cast<std::uint16_t>(back + got);
        return back == taken;
    }));
}

/// A program that computes for 10 s, under a device limit of 5 s.
class OwnDeadlines : public MlTest {
  protected:
    void bring_up(const char* options, std::uint64_t busy_ns)
    {
        card = std::make_unique<Plugged>("ml_qaic_emu0", options);
        ASSERT_EQ(card->result, 0);
        const auto id = card->id;
        ASSERT_EQ(configure(id), 0);
        ASSERT_EQ(queue(id), 0);
        ASSERT_EQ(rte_ml_dev_start(id), 0);
        ASSERT_EQ(load(id, builtin(aic100::NspBuiltin::WAIT, 64, busy_ns), &model), 0);
        ASSERT_EQ(rte_ml_model_start(id, model), 0);
        ASSERT_EQ(rte_pmd_qaic_queue_get(id, 0, &raw), 0);
        memory = static_cast<unsigned char*>(rte_zmalloc("native", 4096, 4096));
        ASSERT_NE(memory, nullptr);
    }
    void TearDown() override { rte_free(memory); }
    rte_pmd_qaic_work work(std::uintptr_t i) const
    {
        return {reinterpret_cast<void*>(i), rte_mem_virt2iova(memory + 128 * i),
                rte_mem_virt2iova(memory + 128 * i + 64)};
    }
    /// The next that is back, within 20 s.
    rte_pmd_qaic_done next() const
    {
        rte_pmd_qaic_done done{};
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (rte_pmd_qaic_poll(raw, &done, 1) == 0)
            if (std::chrono::steady_clock::now() > end) return ADD_FAILURE() << "nothing came", done;
        return done;
    }
    std::unique_ptr<Plugged> card;
    rte_pmd_qaic_queue* raw = nullptr;
    std::uint16_t model = 0;
    unsigned char* memory = nullptr;
};

TEST_F(OwnDeadlines, AnEarlyOneIsFoundEarly)
{
    bring_up("housekeeping_ms=5", 10'000'000'000);
    const auto urgent = work(0), patient = work(1);
    const auto began = std::chrono::steady_clock::now();
    ASSERT_EQ(rte_pmd_qaic_submit(raw, model, &patient, 1), 1);
    ASSERT_EQ(rte_pmd_qaic_submit_deadline(raw, model, &urgent, 1, rte_get_tsc_hz() / 50), 1); // 20 ms
    std::map<std::uintptr_t, qaic::Code> codes;
    for (int i = 0; i < 2; ++i) {
        const auto done = next();
        codes[reinterpret_cast<std::uintptr_t>(done.token)] = static_cast<qaic::Code>(done.error);
    }
    const auto took = std::chrono::steady_clock::now() - began;
    EXPECT_GE(took, std::chrono::milliseconds(20));
    EXPECT_LT(took, std::chrono::seconds(3)) << "that was the device's limit";
    EXPECT_EQ(codes[0], qaic::Code::E_TIMEOUT);
    EXPECT_EQ(codes[1], qaic::Code::E_RESET) << "not late: it lost its channel with the other";
}

TEST_F(OwnDeadlines, ALateOneOutlivesTheDevicesLimit)
{
    bring_up("housekeeping_ms=5,op_timeout_ms=100", 500'000'000);
    const auto one = work(0);
    ASSERT_EQ(rte_pmd_qaic_submit_deadline(raw, model, &one, 1, rte_get_tsc_hz() * 15), 1);
    EXPECT_EQ(next().error, 0u);
    ASSERT_EQ(rte_pmd_qaic_submit_deadline(raw, model, &one, 1, 0), 1);
    EXPECT_EQ(static_cast<qaic::Code>(next().error), qaic::Code::E_TIMEOUT) << "0 is the device's";
}

TEST_F(NativeTest, QueuesThatCannotBeRawAreRefused)
{
    rte_pmd_qaic_queue* raw = nullptr;
    EXPECT_EQ(rte_pmd_qaic_queue_get(id(), 0, &raw), -EINVAL); // not set up
    EXPECT_EQ(rte_pmd_qaic_queue_get(77, 0, &raw), -EINVAL);
    ASSERT_EQ(configure(id(), 2), 0);
    rte_ml_dev_qp_conf conf{};
    conf.nb_desc = 8;
    conf.cb = [](std::int16_t, std::uint16_t, rte_ml_op*) {};
    ASSERT_EQ(rte_ml_dev_queue_pair_setup(id(), 0, &conf, SOCKET_ID_ANY), 0);
    EXPECT_EQ(rte_pmd_qaic_queue_get(id(), 0, &raw), -EBUSY);
    EXPECT_EQ(rte_pmd_qaic_queue_get(id(), 1, &raw), -EINVAL);
    ASSERT_EQ(queue(id(), 1), 0);
    EXPECT_EQ(rte_pmd_qaic_queue_get(id(), 1, nullptr), -EINVAL);
    EXPECT_EQ(rte_pmd_qaic_queue_get(id(), 1, &raw), 0);
    EXPECT_NE(raw, nullptr);
}

} // namespace
} // namespace test
