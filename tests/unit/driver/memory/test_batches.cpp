// SPDX-License-Identifier: BSD-3-Clause
// A program compiled for four batches: what the model says, and how its tensors convert.
#include "../mldev/fixture.hpp"
#include "qaic/rte_pmd_qaic.h"
#include "qpc/program.hpp"

namespace test {
namespace {
using namespace qaic;

/// The container with another batch size in its network descriptor.
Bytes batched(const Bytes& from, std::int32_t batch)
{
    const auto program = qpc::load_program(from, "test");
    EXPECT_TRUE(program);
    auto network = program->network;
    network.batch = batch;
    const auto described = qpc::write_network_desc(network);
    EXPECT_TRUE(described);
    std::vector<qpc::NewSegment> segments;
    for (const auto& s : program->container.segments)
        if (!s.name.ends_with(".crc"))
            segments.push_back({std::string(s.name),
                                s.name == qpc::segment_name::network_desc ? ConstSpan(*described) : s.data,
                                s.split});
    auto written = qpc::write_container(segments);
    EXPECT_TRUE(written);
    return *written;
}

class Batches : public MlTest {
  protected:
    Batches()
    {
        EXPECT_EQ(card.result, 0);
        EXPECT_EQ(configure(card.id), 0);
        EXPECT_EQ(queue(card.id), 0);
        EXPECT_EQ(rte_ml_dev_start(card.id), 0);
    }
    Plugged card;
};

TEST_F(Batches, AModelHasThoseItWasCompiledFor)
{
    std::uint16_t model = 0;
    ASSERT_EQ(load(card.id, batched(echo(64), 4), &model), 0);
    rte_ml_model_info info{};
    ASSERT_EQ(rte_ml_model_info_get(card.id, model, &info), 0);
    EXPECT_EQ(info.min_batches, 4);
    EXPECT_EQ(info.max_batches, 4);
    EXPECT_EQ(info.input_info[0].size, 64u) << "of all batches: the shape is that of min_batches";
    rte_pmd_qaic_model_info native{};
    native.size = sizeof native;
    ASSERT_EQ(rte_pmd_qaic_model_info_get(card.id, model, &native), 0);
    EXPECT_EQ(native.batches, 4);
}

TEST_F(Batches, ConversionTakesAllOfThem)
{
    std::uint16_t model = 0;
    ASSERT_EQ(load(card.id, batched(echo(64), 4), &model), 0);
    std::vector<float> floats(64 + 8, -1.0f);
    for (int i = 0; i < 64; ++i) floats[static_cast<std::size_t>(i)] = static_cast<float>(i - 32);
    std::vector<std::int8_t> bytes(64 + 8, 99);
    rte_ml_buff_seg d{0, floats.data(), 72 * 4, 0, nullptr}, q{0, bytes.data(), 72, 0, nullptr};
    rte_ml_buff_seg *pd = &d, *pq = &q;
    ASSERT_EQ(rte_ml_io_quantize(card.id, model, &pd, &pq), 0);
    for (int i = 0; i < 72; ++i) EXPECT_EQ(bytes[static_cast<std::size_t>(i)], i < 64 ? i - 32 : 99) << i;
    std::fill(floats.begin(), floats.end(), 0.5f);
    ASSERT_EQ(rte_ml_io_dequantize(card.id, model, &pq, &pd), 0);
    for (int i = 0; i < 72; ++i)
        EXPECT_EQ(floats[static_cast<std::size_t>(i)], i < 64 ? static_cast<float>(i - 32) : 0.5f) << i;
    d.length = 4 * 16; // one batch of the four: too short for either form
    q.length = 16;
    EXPECT_EQ(rte_ml_io_quantize(card.id, model, &pd, &pq), -EINVAL);
}

TEST_F(Batches, MoreThanAnOperationCanSayIsRefused)
{
    std::uint16_t model = 0;
    EXPECT_EQ(load(card.id, batched(echo(64), 65535), &model), 0);
    EXPECT_EQ(load(card.id, batched(echo(64), 65536), &model), -E2BIG);
}

} // namespace
} // namespace test
