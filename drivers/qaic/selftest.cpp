// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/selftest.hpp"
#include "qaic/mldev_fast.hpp"
#include "qpc/builder.hpp"
#include <cstring>
#include <rte_cycles.h>

namespace qaic {
namespace {

constexpr std::uint32_t echo_bytes = 256;

Result<Bytes> echo_program()
{
    qpc::ProgramSpec spec;
    spec.name = "selftest";
    spec.builtin = aic100::NspBuiltin::ECHO;
    spec.inputs = {{"in", qpc::DataType::INT8, {echo_bytes}}};
    spec.outputs = {{"out", qpc::DataType::INT8, {echo_bytes}}};
    return qpc::build_container(spec);
}

/// One operation in memory of the bus: input first, output behind it.
struct EchoOp {
    explicit EchoOp(const DmaMemory& memory, std::uint8_t seed)
    {
        for (std::size_t i = 0; i < 2; ++i) {
            segments[i].addr = memory.data() + i * echo_bytes;
            segments[i].iova_addr = memory.iova().value + i * echo_bytes;
            segments[i].length = echo_bytes;
            lists[i] = &segments[i];
        }
        auto* const in = static_cast<std::uint8_t*>(segments[0].addr);
        for (std::uint32_t i = 0; i < echo_bytes; ++i) in[i] = static_cast<std::uint8_t>(i * 7 + seed);
        std::memset(segments[1].addr, ~seed, echo_bytes);
        op.nb_batches = 1;
        op.input = &lists[0], op.output = &lists[1];
    }
    [[nodiscard]] bool echoed() const
    {
        return std::memcmp(segments[0].addr, segments[1].addr, echo_bytes) == 0;
    }
    rte_ml_buff_seg segments[2]{};
    rte_ml_buff_seg* lists[2]{};
    rte_ml_op op{};
};

Result<void> echo(Bus& bus, Running& running, const DmaMemory& memory, Nanos limit)
{
    const auto dbc = running.activation().dbc;
    EchoOp echo(memory, static_cast<std::uint8_t>(dbc * 16 + 1));
    QueuePair pair(0, 1, 1, nullptr, bus.reach().table());
    LaneList lanes;
    dbc::Lane* const lane = &running.queue().lane(0);
    lanes.lanes = {&lane, 1};
    pair.ports[0].store(&running.port(0));
    pair.lanes.store(&lanes);
    auto* sent = &echo.op;
    if (fast::enqueue_burst(pair, &sent, 1) != 1)
        return fail(Code::E_PROTO, "{}: self-test: DBC {} takes no operation", bus.name(), dbc);
    rte_ml_op* back = nullptr;
    QAIC_CHECK(wait_until(bus, fmt::format("self-test: echo on DBC {}", dbc), limit, 50us,
                          [&] { return fast::dequeue_burst(pair, &back, 1) == 1; }));
    if (back != &echo.op || back->status != RTE_ML_OP_STATUS_SUCCESS || !echo.echoed())
        return fail(Code::E_PROTO, "{}: self-test: DBC {} answers with something else than it was sent",
                    bus.name(), dbc);
    return {};
}

/// Activates until the card has nothing left.
Result<void> take_all(Bus& bus, nnc::Client& client, const Model& model, std::uint64_t op_limit,
                      std::vector<std::unique_ptr<Running>>& taken)
{
    while (taken.size() < aic100::dbc_count) {
        std::uint64_t retired = 0;
        RunConfig config;
        config.op_limit = op_limit, config.now = rte_rdtsc();
        auto running = Running::activate(bus, client, model, config, retired);
        if (!running) {
            if (running.error().code == Code::E_NORES) return {};
            return tl::unexpected<Error>(std::move(running).error());
        }
        taken.push_back(std::move(*running));
    }
    return {};
}

Result<unsigned> echo_with(Bus& bus, nnc::Client& client, const Model& model, Nanos limit,
                           std::uint64_t op_limit)
{
    QAIC_TRY(auto memory, bus.dma_alloc(std::size_t{2} * echo_bytes, 4096, "selftest"));
    std::vector<std::unique_ptr<Running>> taken;
    auto result = take_all(bus, client, model, op_limit, taken);
    for (auto& r : taken)
        if (result) result = echo(bus, *r, memory, limit);
    const auto count = static_cast<unsigned>(taken.size());
    for (auto& r : taken) {
        auto off = client.deactivate(r->activation());
        if (off) continue;
        r->queue().retire_memory(), memory.retire(); // the card may still write there
        if (result) result = std::move(off);
    }
    if (!result) return tl::unexpected<Error>(std::move(result).error());
    return count;
}

} // namespace

Result<unsigned> echo_every_channel(Bus& bus, nnc::Client& client, const aic100::InfoBlock& card, Nanos limit,
                                    std::uint64_t op_limit)
{
    QAIC_TRY(const auto program, echo_program());
    QAIC_TRY(const auto model, Model::load(client, card, program, fmt::format("{} self-test", bus.name())));
    auto result = echo_with(bus, client, *model, limit, op_limit);
    if (auto gone = model->unload(client); !gone && result)
        return tl::unexpected<Error>(std::move(gone).error());
    return result;
}

} // namespace qaic
