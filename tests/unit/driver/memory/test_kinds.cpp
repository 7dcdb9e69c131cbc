// SPDX-License-Identifier: BSD-3-Clause
// Where an operation's buffers may lie: mempool objects, mbuf data, memory of the application's own that is
// registered and mapped. And memory that the card was never given.
#include "../mldev/fixture.hpp"
#include "../mldev/served_fixture.hpp"
#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <sys/mman.h>
#include <unistd.h>

namespace test {
namespace {
using namespace qaic;

constexpr std::uint32_t bytes = 1024;

struct Buffer {
    void* va = nullptr;
    rte_iova_t iova = RTE_BAD_IOVA;
};

/// GetParam(): true = a card behind a vfio-user socket.
class Kinds : public MlTest, public ::testing::WithParamInterface<bool> {
  protected:
    Kinds()
    {
        if (!GetParam()) {
            card = std::make_unique<Plugged>("ml_qaic_emu0");
        } else {
            server = std::make_unique<ServedSocket>();
            card = std::make_unique<Plugged>("ml_qaic_vfu0", server->devargs());
        }
        EXPECT_EQ(card->result, 0);
        run(card->id, echo(bytes), &model);
    }
    ~Kinds() override
    {
        card.reset();
        server.reset();
    }
    [[nodiscard]] rte_device* device() const { return rte_ml_dev_pmd_get_dev(card->id)->device; }

    /// One echo from `in` to `out`; its status.
    rte_ml_op_status echo_over(Buffer in, Buffer out)
    {
        rte_ml_buff_seg seg[2]{{in.iova, in.va, bytes, 0, nullptr}, {out.iova, out.va, bytes, 0, nullptr}};
        rte_ml_buff_seg* list[2]{&seg[0], &seg[1]};
        rte_ml_op op{};
        op.model_id = model, op.nb_batches = 1, op.input = &list[0], op.output = &list[1];
        rte_ml_op* p = &op;
        EXPECT_EQ(rte_ml_enqueue_burst(card->id, 0, &p, 1), 1);
        EXPECT_EQ(dequeue(card->id, 1).size(), 1u);
        if (op.status == RTE_ML_OP_STATUS_ERROR) (void)rte_ml_op_error_get(card->id, &op, &error);
        return op.status;
    }
    void expect_echo(Buffer in, Buffer out, std::uint8_t mark)
    {
        auto* const from = static_cast<std::uint8_t*>(in.va);
        for (std::uint32_t i = 0; i < bytes; ++i) from[i] = static_cast<std::uint8_t>(i * 7 + mark);
        std::memset(out.va, 0, bytes);
        ASSERT_EQ(echo_over(in, out), RTE_ML_OP_STATUS_SUCCESS) << error.message;
        EXPECT_EQ(std::memcmp(in.va, out.va, bytes), 0);
    }
    std::unique_ptr<ServedSocket> server;
    std::unique_ptr<Plugged> card;
    std::uint16_t model = 0;
    rte_ml_op_error error{};
};
INSTANTIATE_TEST_SUITE_P(Cards, Kinds, ::testing::Bool(),
                         [](const auto& p) { return p.param ? "served" : "in_process"; });

TEST_P(Kinds, MempoolObjects) // a pool made after the card: its memory comes while the card runs
{
    auto* const pool = rte_mempool_create("objects", 63, 2 * bytes, 0, 0, nullptr, nullptr, nullptr, nullptr,
                                          SOCKET_ID_ANY, 0);
    ASSERT_NE(pool, nullptr) << rte_strerror(rte_errno);
    for (std::uint8_t i = 0; i < 63; ++i) {
        void* object = nullptr;
        ASSERT_EQ(rte_mempool_get(pool, &object), 0);
        auto* const second = static_cast<std::byte*>(object) + bytes;
        const auto iova = rte_mempool_virt2iova(object);
        expect_echo({object, iova}, {second, iova + bytes}, i);
    }
    rte_mempool_free(pool);
}

TEST_P(Kinds, MbufData)
{
    auto* const pool = rte_pktmbuf_pool_create("mbufs", 31, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
    ASSERT_NE(pool, nullptr) << rte_strerror(rte_errno);
    auto* const in = rte_pktmbuf_alloc(pool);
    auto* const out = rte_pktmbuf_alloc(pool);
    ASSERT_TRUE(in != nullptr && out != nullptr);
    // Behind a header, as a payload lies: no alignment to speak of.
    ASSERT_NE(rte_pktmbuf_append(in, 42 + bytes), nullptr);
    ASSERT_NE(rte_pktmbuf_append(out, 54 + bytes), nullptr);
    expect_echo({rte_pktmbuf_mtod_offset(in, void*, 42), rte_pktmbuf_iova_offset(in, 42)},
                {rte_pktmbuf_mtod_offset(out, void*, 54), rte_pktmbuf_iova_offset(out, 54)}, 9);
    rte_pktmbuf_free(in);
    rte_pktmbuf_free(out);
    rte_mempool_free(pool);
}

TEST_P(Kinds, ExternalMemory)
{
    constexpr std::size_t size = 4 * 4096;
    const int fd = ::memfd_create("application", MFD_CLOEXEC); // another process can only be given a file
    ASSERT_GE(fd, 0);
    ASSERT_EQ(::ftruncate(fd, size), 0);
    auto* const va =
        static_cast<std::byte*>(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    ASSERT_NE(va, MAP_FAILED);
    const auto iova = reinterpret_cast<rte_iova_t>(va);
    ASSERT_EQ(rte_extmem_register(va, size, nullptr, 0, 4096), 0);
    const Buffer in{va + 100, iova + 100}, across{va + 3 * 4096 - 512, iova + 3 * 4096 - 512};

    // Registered is not mapped. In VA mode EAL has an address for any memory: the driver knows what is
    // mapped.
    EXPECT_EQ(rte_mem_virt2iova(va), iova);
    EXPECT_EQ(echo_over(in, across), RTE_ML_OP_STATUS_ERROR);
    EXPECT_NE(std::string(error.message).find("E_IOVA"), std::string::npos) << error.message;
    ASSERT_EQ(rte_dev_dma_map(device(), va, iova, size), 0);
    expect_echo(in, across, 1);
    EXPECT_NE(rte_dev_dma_map(device(), va, iova, size), 0) << "twice";
    ASSERT_EQ(rte_dev_dma_unmap(device(), va, iova, size), 0);
    EXPECT_NE(rte_dev_dma_unmap(device(), va, iova, size), 0) << "twice";
    ASSERT_EQ(rte_dev_dma_map(device(), va, iova, size), 0);
    expect_echo(in, across, 2);
    ASSERT_EQ(rte_dev_dma_unmap(device(), va, iova, size), 0);
    EXPECT_EQ(echo_over(in, across), RTE_ML_OP_STATUS_ERROR) << "no longer mapped";
    EXPECT_EQ(rte_extmem_unregister(va, size), 0);
    ::munmap(va, size);
    ::close(fd);
}

TEST_P(Kinds, NeverMapped) // refused before the card sees it: nothing is written, no channel is lost
{
    std::vector<std::byte> own(4 * bytes, std::byte{0x33});
    Op good(model, bytes, bytes);
    const Buffer foreign{own.data(), reinterpret_cast<rte_iova_t>(own.data())};
    const Buffer there{good.in(), rte_malloc_virt2iova(good.in())};
    EXPECT_EQ(echo_over(there, foreign), RTE_ML_OP_STATUS_ERROR);
    EXPECT_EQ(own, std::vector<std::byte>(4 * bytes, std::byte{0x33}));
    EXPECT_EQ(infer(card->id, good), RTE_ML_OP_STATUS_SUCCESS) << "at once";
}

TEST_P(Kinds, BadIovaNeverReachesTheCard)
{
    Op good(model, bytes, bytes);
    const Buffer there{good.in(), rte_malloc_virt2iova(good.in())};
    for (int i = 0; i < 2; ++i) {
        const Buffer bad{good.out(), RTE_BAD_IOVA};
        EXPECT_EQ(i == 0 ? echo_over(bad, there) : echo_over(there, bad), RTE_ML_OP_STATUS_ERROR);
        EXPECT_EQ(infer(card->id, good), RTE_ML_OP_STATUS_SUCCESS) << "at once: no channel was lost";
    }
}

} // namespace
} // namespace test
