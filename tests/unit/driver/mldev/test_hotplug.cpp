// SPDX-License-Identifier: BSD-3-Clause
// Cards come and go: nothing is left behind (dpdk-driver-guide.md 4), from whatever state they go.
#include "fixture.hpp"
#include <rte_memory.h>

namespace test {
namespace {

class Hotplug : public MlTest {
  protected:
    static unsigned heap_objects()
    {
        rte_malloc_socket_stats s{};
        EXPECT_EQ(rte_malloc_get_socket_stats(0, &s), 0);
        return s.alloc_count;
    }
    static std::size_t threads()
    {
        std::size_t n = 0;
        if (FILE* f = std::fopen("/proc/self/status", "r")) {
            char line[256];
            while (std::fgets(line, sizeof line, f) != nullptr) (void)std::sscanf(line, "Threads: %zu", &n);
            std::fclose(f);
        }
        return n;
    }
};

TEST_F(Hotplug, TwentyTimesLeaveNothing)
{
    {
        Plugged first;
    } // what DPDK itself allocates once
    const auto objects = heap_objects();
    const auto running = threads();
    for (int i = 0; i < 20; ++i) {
        Plugged card;
        ASSERT_EQ(card.result, 0) << i;
        std::uint16_t model = 0;
        run(card.id, echo(64), &model);
        Op op(model, 64, 64);
        EXPECT_EQ(infer(card.id, op), RTE_ML_OP_STATUS_SUCCESS);
        if (i % 2 == 0) {
            EXPECT_EQ(rte_ml_model_stop(card.id, model), 0);
            EXPECT_EQ(rte_ml_dev_stop(card.id), 0);
            EXPECT_EQ(rte_ml_dev_close(card.id), 0);
        } // else: unplugged while it runs
        EXPECT_EQ(card.unplug(), 0);
    }
    EXPECT_EQ(heap_objects(), objects);
    EXPECT_EQ(threads(), running);
}

TEST_F(Hotplug, RemovedWithOperationsOut)
{
    {
        Plugged first;
    }
    const auto objects = heap_objects();
    {
        Plugged card("ml_qaic_emu0", "op_timeout_ms=100");
        std::uint16_t model = 0;
        run(card.id, builtin(aic100::NspBuiltin::WAIT, 64, 3'600'000'000'000), &model);
        Op op(model, 64, 64);
        rte_ml_op* p = &op.op;
        ASSERT_EQ(rte_ml_enqueue_burst(card.id, 0, &p, 1), 1);
        EXPECT_EQ(card.unplug(), 0);
    }
    EXPECT_EQ(heap_objects(), objects);
}

TEST_F(Hotplug, WrongOptionsLeaveNothing)
{
    {
        Plugged first;
    }
    const auto objects = heap_objects();
    const auto running = threads();
    for (const char* args : {"colour=red", "nsps=99", "fw=/nonexistent", "ddr=1", "attach=never"}) {
        Plugged card("ml_qaic_emu0", args);
        EXPECT_NE(card.result, 0) << args;
        EXPECT_EQ(card.id, -1);
    }
    EXPECT_EQ(heap_objects(), objects);
    EXPECT_EQ(threads(), running);
}

TEST_F(Hotplug, TwoCardsSideBySide)
{
    Plugged a("ml_qaic_emu0"), b("ml_qaic_emu1", "nsps=2,ddr=1G");
    ASSERT_EQ(a.result, 0);
    ASSERT_EQ(b.result, 0);
    EXPECT_NE(a.id, b.id);
    std::uint16_t model = 0;
    for (const auto id : {a.id, b.id}) run(id, echo(64), &model);
    for (const auto id : {a.id, b.id}) {
        Op op(model, 64, 64);
        op.in()[5] = 42;
        EXPECT_EQ(infer(id, op), RTE_ML_OP_STATUS_SUCCESS);
        EXPECT_EQ(op.out()[5], 42);
    }
    EXPECT_EQ(a.unplug(), 0);
    Op op(model, 64, 64);
    EXPECT_EQ(infer(b.id, op), RTE_ML_OP_STATUS_SUCCESS) << "one goes, the other stays";
}

TEST_F(Hotplug, MemoryMadeLaterIsReachable)
{
    Plugged card;
    std::uint16_t model = 0;
    constexpr std::uint32_t big = 1u << 20;
    run(card.id, echo(big), &model);
    Op op(model, big, big); // allocated after the card was plugged in
    for (std::uint32_t i = 0; i < big; ++i) op.in()[i] = static_cast<std::uint8_t>(i * 13);
    EXPECT_EQ(infer(card.id, op), RTE_ML_OP_STATUS_SUCCESS);
    EXPECT_EQ(std::memcmp(op.in(), op.out(), big), 0);
}

TEST_F(Hotplug, ForeignMemoryIsReachableOnceMapped)
{
    Plugged card;
    std::uint16_t model = 0;
    run(card.id, echo(4096), &model);
    auto* page = static_cast<std::uint8_t*>(std::aligned_alloc(4096, 8192));
    std::memset(page, 0x3c, 4096);
    Op op(model, 4096, 4096);
    auto* const own = op.op.input[0]->addr;
    op.op.input[0]->iova_addr = reinterpret_cast<std::uint64_t>(page);
    EXPECT_EQ(infer(card.id, op), RTE_ML_OP_STATUS_ERROR) << "the card must not reach unmapped memory";
    ASSERT_EQ(rte_extmem_register(page, 4096, nullptr, 0, 4096), 0);
    auto* const dev = rte_ml_dev_pmd_get_named_dev("ml_qaic_emu0")->device;
    ASSERT_EQ(rte_dev_dma_map(dev, page, reinterpret_cast<std::uint64_t>(page), 4096), 0);
    const auto status = infer(card.id, op);
    EXPECT_EQ(rte_dev_dma_unmap(dev, page, reinterpret_cast<std::uint64_t>(page), 4096), 0);
    EXPECT_EQ(rte_extmem_unregister(page, 4096), 0);
    EXPECT_EQ(status, RTE_ML_OP_STATUS_SUCCESS);
    EXPECT_EQ(op.out()[4095], 0x3c);
    op.op.input[0]->addr = own;
    std::free(page);
}

} // namespace
} // namespace test
