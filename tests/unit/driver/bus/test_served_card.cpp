// SPDX-License-Identifier: BSD-3-Clause
// vdev ml_qaic_vfu under EAL, through DPDK's public API, against a card that a thread of this process serves.
#include "../mldev/fixture.hpp"
#include "card_server/served_card.hpp"
#include "leak_check.hpp"
#include <filesystem>
#include <rte_memory.h>
#include <sys/mman.h>
#include <unistd.h>

namespace test {
namespace {
using namespace qaic;

class Served : public MlTest {
  protected:
    Served()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "qaic_served_XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) std::abort();
        folder = pattern;
        serve();
    }
    ~Served() override
    {
        card.reset();
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }
    void serve(bool trap = false)
    {
        card.reset();
        card_server::Options options;
        options.socket = folder + "/card";
        options.idle = true;
        options.trap = trap;
        auto made = card_server::ServedCard::create({.ready_delay = 1ms}, std::move(options));
        ASSERT_TRUE(made) << made.error().message();
        card = std::move(*made);
        card->start();
    }
    [[nodiscard]] std::string args(const std::string& more = "") const
    {
        return "socket=" + folder + "/card" + more;
    }
    /// Within 5 s.
    static bool waited(const std::function<bool()>& done)
    {
        const auto end = std::chrono::steady_clock::now() + 5s;
        while (!done() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
        return done();
    }
    static unsigned heap_objects()
    {
        rte_malloc_socket_stats s{};
        EXPECT_EQ(rte_malloc_get_socket_stats(0, &s), 0);
        return s.alloc_count;
    }
    std::string folder;
    std::unique_ptr<card_server::ServedCard> card;
};

TEST_F(Served, TenTimesLeaveNothing)
{
    {
        Plugged first("ml_qaic_vfu0", args());
        ASSERT_EQ(first.result, 0);
    } // what DPDK itself allocates once
    ASSERT_TRUE(waited([&] { return !card->attached(); }));
    const auto objects = heap_objects();
    const auto before = Holdings::now();
    for (int i = 0; i < 10; ++i) {
        Plugged plugged("ml_qaic_vfu0", args());
        ASSERT_EQ(plugged.result, 0) << i;
        std::uint16_t model = 0;
        run(plugged.id, echo(64), &model);
        Op op(model, 64, 64);
        std::memset(op.in(), i, 64);
        EXPECT_EQ(infer(plugged.id, op), RTE_ML_OP_STATUS_SUCCESS);
        EXPECT_EQ(op.out()[63], i);
        EXPECT_EQ(plugged.unplug(), 0); // from whatever state
        ASSERT_TRUE(waited([&] { return !card->attached(); }));
    }
    EXPECT_EQ(heap_objects(), objects);
    EXPECT_TRUE(waited([&] { return Holdings::now().fds == before.fds; }));
    EXPECT_EQ(Holdings::now().memory_files, before.memory_files);
}

TEST_F(Served, WhatCannotBeAttachedLeavesNothing)
{
    {
        Plugged first("ml_qaic_vfu0", args());
        ASSERT_EQ(first.result, 0);
    }
    ASSERT_TRUE(waited([&] { return !card->attached(); })); // the card, in this process, holds one end
    const auto objects = heap_objects();
    const auto before = Holdings::now().fds;
    for (const auto& wrong : {std::string(), "socket=" + folder + "/nobody", args(",nsps=4"),
                              args(",fw=/nonexistent"), "socket=" + std::string(200, 'x')}) {
        ASSERT_TRUE(waited([&] { return !card->attached(); }));
        Plugged plugged("ml_qaic_vfu0", wrong);
        EXPECT_NE(plugged.result, 0) << wrong;
        EXPECT_EQ(plugged.id, -1);
    }
    ASSERT_TRUE(waited([&] { return !card->attached(); }));
    EXPECT_EQ(heap_objects(), objects);
    EXPECT_TRUE(waited([&] { return Holdings::now().fds == before; }))
        << Holdings::now().fds << " of " << before;
    serve(true);
    Plugged trapped("ml_qaic_vfu0", args());
    EXPECT_NE(trapped.result, 0) << "doorbells that trap are no data path";
}

TEST_F(Served, ASecondDriverIsRefusedAndTheFirstGoesOn)
{
    Plugged a("ml_qaic_vfu0", args());
    ASSERT_EQ(a.result, 0);
    std::uint16_t model = 0;
    run(a.id, echo(64), &model);
    Plugged b("ml_qaic_vfu1", args());
    EXPECT_NE(b.result, 0);
    Op op(model, 64, 64);
    EXPECT_EQ(infer(a.id, op), RTE_ML_OP_STATUS_SUCCESS);
}

TEST_F(Served, MemoryOfAnySizeMadeLaterIsReachable)
{
    Plugged plugged("ml_qaic_vfu0", args());
    ASSERT_EQ(plugged.result, 0);
    std::uint16_t model = 0;
    constexpr std::uint32_t big = 1u << 20;
    run(plugged.id, echo(big), &model);
    Op op(model, big, big);
    for (std::uint32_t i = 0; i < big; ++i) op.in()[i] = static_cast<std::uint8_t>(i * 13);
    EXPECT_EQ(infer(plugged.id, op), RTE_ML_OP_STATUS_SUCCESS);
    EXPECT_EQ(std::memcmp(op.in(), op.out(), big), 0);
}

/// A page of foreign memory as the input of an operation.
struct Foreign {
    explicit Foreign(int flags, int fd) : page(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, flags, fd, 0))
    {
        if (page == MAP_FAILED) std::abort();
        std::memset(page, 0x3c, 4096);
    }
    ~Foreign() { ::munmap(page, 4096); }
    Foreign(const Foreign&) = delete;
    Foreign& operator=(const Foreign&) = delete;
    [[nodiscard]] std::uint64_t iova() const { return reinterpret_cast<std::uint64_t>(page); }
    void* page;
};

TEST_F(Served, ForeignMemoryIsReachableOnceMappedIfItHasAFile)
{
    Plugged plugged("ml_qaic_vfu0", args());
    ASSERT_EQ(plugged.result, 0);
    std::uint16_t model = 0;
    run(plugged.id, echo(4096), &model);
    auto* const dev = rte_ml_dev_pmd_get_named_dev("ml_qaic_vfu0")->device;

    const Foreign heap(MAP_PRIVATE | MAP_ANONYMOUS, -1);
    EXPECT_EQ(rte_dev_dma_map(dev, heap.page, heap.iova(), 4096), -1) << "a copy of it would be another's";

    const int file = ::memfd_create("application", MFD_CLOEXEC);
    ASSERT_EQ(::ftruncate(file, 4096), 0);
    {
        const Foreign shared(MAP_SHARED, file);
        Op op(model, 4096, 4096);
        auto* const own = op.op.input[0]->addr;
        op.op.input[0]->iova_addr = shared.iova();
        EXPECT_EQ(infer(plugged.id, op), RTE_ML_OP_STATUS_ERROR) << "the card must not reach unmapped memory";
        ASSERT_EQ(rte_extmem_register(shared.page, 4096, nullptr, 0, 4096), 0);
        ASSERT_EQ(rte_dev_dma_map(dev, shared.page, shared.iova(), 4096), 0);
        EXPECT_NE(rte_dev_dma_map(dev, shared.page, shared.iova(), 4096), 0) << "twice";
        const auto status = infer(plugged.id, op);
        EXPECT_EQ(rte_dev_dma_unmap(dev, shared.page, shared.iova(), 4096), 0);
        EXPECT_NE(rte_dev_dma_unmap(dev, shared.page, shared.iova(), 4096), 0);
        EXPECT_EQ(rte_extmem_unregister(shared.page, 4096), 0);
        EXPECT_EQ(status, RTE_ML_OP_STATUS_SUCCESS);
        EXPECT_EQ(op.out()[4095], 0x3c);
        op.op.input[0]->addr = own;
    }
    ::close(file);
}

// Registered before the card comes: left to rte_dev_dma_map(), not a reason to refuse.
TEST_F(Served, ExternalMemoryThatIsOnlyRegisteredIsNotFollowed)
{
    const Foreign heap(MAP_PRIVATE | MAP_ANONYMOUS, -1);
    ASSERT_EQ(rte_extmem_register(heap.page, 4096, nullptr, 0, 4096), 0);
    for (const auto* name : {"ml_qaic_vfu0", "ml_qaic_emu0"}) {
        Plugged plugged(name, name[8] == 'v' ? args() : std::string());
        EXPECT_EQ(plugged.result, 0) << name;
        if (name[8] == 'v') continue;
        auto* const dev = rte_ml_dev_pmd_get_named_dev(name)->device;
        EXPECT_EQ(rte_dev_dma_map(dev, heap.page, heap.iova(), 4096), 0);
    }
    EXPECT_EQ(rte_extmem_unregister(heap.page, 4096), 0);
}

// S17, D02: T_sock is 100 ms. The machine may be busy, so the best of three counts.
TEST_F(Served, ServerDiesUnderLoadAndComesBack)
{
    constexpr unsigned depth = 16;
    auto best = std::chrono::steady_clock::duration::max();
    for (int round = 0; round < 3; ++round) {
        Plugged plugged("ml_qaic_vfu0", args());
        ASSERT_EQ(plugged.result, 0);
        std::uint16_t model = 0;
        run(plugged.id, builtin(aic100::NspBuiltin::WAIT, 64, 3'600'000'000'000), &model);
        std::vector<std::unique_ptr<Op>> ops;
        std::vector<rte_ml_op*> list;
        for (unsigned i = 0; i < depth; ++i) {
            ops.push_back(std::make_unique<Op>(model, 64, 64));
            list.push_back(&ops.back()->op);
        }
        ASSERT_EQ(rte_ml_enqueue_burst(plugged.id, 0, list.data(), depth), depth);
        card.reset(); // the socket closes
        const auto died = std::chrono::steady_clock::now();
        const auto back = dequeue(plugged.id, depth);
        best = std::min(best, std::chrono::steady_clock::now() - died);
        ASSERT_EQ(back.size(), depth);
        for (auto* op : back) {
            EXPECT_EQ(op->status, RTE_ML_OP_STATUS_ERROR);
            rte_ml_op_error error{};
            ASSERT_EQ(rte_ml_op_error_get(plugged.id, op, &error), 0);
            EXPECT_EQ(error.errcode, static_cast<std::uint64_t>(Code::E_REMOVED)) << error.message;
        }
        Op late(model, 64, 64);
        EXPECT_EQ(infer(plugged.id, late), RTE_ML_OP_STATUS_ERROR);
        EXPECT_EQ(plugged.unplug(), 0);
        serve(); // the next attach finds a card again
        Plugged again("ml_qaic_vfu0", args());
        ASSERT_EQ(again.result, 0);
        run(again.id, echo(64), &model);
        Op op(model, 64, 64);
        EXPECT_EQ(infer(again.id, op), RTE_ML_OP_STATUS_SUCCESS);
    }
    EXPECT_LT(best, 100ms + 50ms);
}

} // namespace
} // namespace test
