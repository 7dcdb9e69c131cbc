// SPDX-License-Identifier: BSD-3-Clause
// The driver core without DPDK, from a card in any state to inferences: what tests use that need neither EAL
// nor rte_mldev. Every step returns its error; nothing is skipped.
#pragma once
#include "qaic/controller.hpp"
#include "qaic/dbc/queue_setup.hpp"
#include "qaic/dbc/slice_plan.hpp"
#include "qaic/nnc/client.hpp"
#include "qaic/transfers.hpp"
#include "qpc/program.hpp"
#include <chrono>

namespace test {

/// A program activated on the card, and the queue to its DBC.
struct Running {
    std::uint32_t elf = 0, constants = 0;
    qaic::nnc::Activation activation;
    std::unique_ptr<qaic::dbc::Queue> queue;
    qaic::dbc::SlicePlan plan;
};

class Session {
  public:
    Session(qaic::Bus& bus, std::string firmware, qaic::AttachPolicy attach = qaic::AttachPolicy::SOC_RESET)
        : bus_(bus), controller_(bus, config(std::move(firmware), attach)), client_(bus, controller_, {}, 1)
    {}
    qaic::Result<qaic::BootReport> boot()
    {
        QAIC_TRY(auto report, controller_.boot());
        QAIC_CHECK(client_.hello());
        QAIC_CHECK(client_.info());
        return report;
    }
    qaic::Result<Running> start(const qpc::Program& program, std::uint32_t depth, std::uint64_t op_limit,
                                std::uint64_t now)
    {
        Running r;
        const aic100::ConstantsDescriptor descriptor{.static_bytes = program.static_constants.size(),
                                                     .dynamic_bytes = program.dynamic_constants.size(),
                                                     .static_ecc = 0,
                                                     .dynamic_ecc = 0,
                                                     .pad = {}};
        QAIC_TRY(r.constants,
                 client_.load_constants(descriptor, program.static_constants, program.dynamic_constants));
        QAIC_TRY(r.elf, client_.load_elf(program.elf, "network"));
        QAIC_TRY(const auto io, qaic::resolve_transfers(program));
        QAIC_TRY(r.queue, qaic::dbc::Queue::allocate(
                              bus_, {.elements_per_op = static_cast<std::uint32_t>(io.transfers.size()),
                                     .lanes = 1,
                                     .depth = depth,
                                     .op_limit = op_limit}));
        QAIC_TRY(r.activation, client_.activate({.constants_id = r.constants,
                                                 .elf_id = r.elf,
                                                 .request_fifo = r.queue->request_fifo(),
                                                 .response_fifo = r.queue->response_fifo(),
                                                 .elements = r.queue->elements(),
                                                 .fifo_bytes = r.queue->fifo_bytes()}));
        const auto& a = r.activation;
        QAIC_TRY(r.plan, qaic::dbc::plan_slices(io.transfers, {a.ddr_base, a.dynamic_ddr_base, a.mcid_base},
                                                io.input_bytes, io.output_bytes));
        QAIC_CHECK(r.queue->bind(a.dbc, now));
        return r;
    }
    qaic::Result<void> stop(Running& r)
    {
        QAIC_CHECK(client_.deactivate(r.activation));
        r.queue->quarantine(qaic::dbc::Guard::STOP);
        r.queue->set_fenced();
        QAIC_CHECK(client_.unload_elf(r.elf));
        if (r.constants != 0) QAIC_CHECK(client_.unload_constants(r.constants));
        return {};
    }
    [[nodiscard]] qaic::Controller& controller() noexcept { return controller_; }
    [[nodiscard]] qaic::nnc::Client& client() noexcept { return client_; }

  private:
    static qaic::ControllerConfig config(std::string firmware, qaic::AttachPolicy attach)
    {
        qaic::ControllerConfig c;
        c.firmware_path = {std::move(firmware)};
        c.attach = attach;
        c.wall_clock_us = [] {
            return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                                  std::chrono::system_clock::now().time_since_epoch())
                                                  .count());
        };
        return c;
    }
    qaic::Bus& bus_;
    qaic::Controller controller_;
    qaic::nnc::Client client_;
};

} // namespace test
