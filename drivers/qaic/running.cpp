// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/running.hpp"
#include "qaic/log.hpp"
#include <bit>

namespace qaic {

std::uint32_t lane_depth(std::uint32_t wanted, std::uint32_t lanes, std::uint32_t elements_per_op)
{
    auto depth = std::uint64_t{std::bit_ceil(std::max(wanted, 1u))};
    const auto too_much = [&] {
        return depth * lanes > dbc::max_slots ||
               depth * lanes * elements_per_op + 1 > aic100::fifo_max_elements;
    };
    while (depth > 1 && too_much()) depth /= 2;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(depth, std::max(wanted, 1u)));
}

std::uint64_t Running::submitted() noexcept
{
    std::uint64_t n = 0;
    for (std::size_t i = 0; i < lanes_; ++i) n += queue_->lane(static_cast<std::uint32_t>(i)).submitted();
    return n;
}

Result<std::unique_ptr<Running>> Running::activate(Bus& bus, nnc::Client& client, const Model& model,
                                                   const RunConfig& config, std::uint64_t& retired)
{
    const auto& layout = model.layout();
    const auto elements = static_cast<std::uint32_t>(layout.transfers.size());
    std::unique_ptr<Running> r(new Running);
    r->model_id = config.model_id;
    r->instance_ = config.instance;
    r->pairs_ = config.pairs;
    const auto lanes = std::max<std::uint32_t>(static_cast<std::uint32_t>(config.pairs.size()), 1);
    r->depth_ = lane_depth(config.depth, lanes, std::max(elements, 1u));
    if (r->depth_ < config.depth)
        log(LogLevel::NOTICE, "{}: model {} on {} queue pairs: {} operations in flight on each, not {}",
            bus.name(), model.name(), lanes, r->depth_, config.depth);
    QAIC_TRY(r->queue_, dbc::Queue::allocate(bus, {.elements_per_op = elements,
                                                   .lanes = lanes,
                                                   .depth = r->depth_,
                                                   .op_limit = config.op_limit,
                                                   .completions = config.completions}));
    r->lanes_ = lanes; // memory before the card has an activation to lose
    r->ports_ = place_array<ModelPort>(bus.burst_memory(), lanes);
    r->plan_ = place_array<dbc::SlicePlan::Element>(bus.burst_memory(), elements);
    const auto give_up = [&](dbc::Queue& q) {
        retired += q.fifo_bytes();
        q.retire_memory();
    };
    auto activation = client.activate({.constants_id = model.constants_id(),
                                       .elf_id = model.elf_id(),
                                       .request_fifo = r->queue_->request_fifo(),
                                       .response_fifo = r->queue_->response_fifo(),
                                       .elements = r->queue_->elements(),
                                       .fifo_bytes = r->queue_->fifo_bytes()});
    if (!activation) {
        if (!nnc::Client::fifo_safe(activation.error())) give_up(*r->queue_);
        return tl::unexpected<Error>(std::move(activation).error());
    }
    r->activation_ = *activation;
    const auto undo = [&](Error error) -> tl::unexpected<Error> {
        // A program that died at once: the card's word counts, and its DEACTIVATE would be refused (fence()
        // of device_recovery.cpp).
        const auto dbc = r->activation_.dbc;
        if (config.ended_by_card(dbc) || (!client.deactivate(r->activation_) && config.ended_by_card(dbc)))
            client.released(dbc);
        else if (client.owns(dbc))
            give_up(*r->queue_);
        return tl::unexpected<Error>(std::move(error));
    };
    auto plan = dbc::plan_slices(layout.transfers,
                                 {.ddr = activation->ddr_base,
                                  .dynamic_ddr = activation->dynamic_ddr_base,
                                  .mcid = activation->mcid_base},
                                 layout.input_bytes, layout.output_bytes);
    if (!plan) return undo(std::move(plan).error());
    if (auto bound = r->queue_->bind(r->activation_.dbc, config.now, plan->elements); !bound)
        return undo(std::move(bound).error());
    std::copy(plan->elements.begin(), plan->elements.end(), r->plan_.get());
    for (std::uint32_t lane = 0; lane < lanes; ++lane)
        r->ports_[lane] = {.lane = &r->queue_->lane(lane),
                           .elements = r->plan_.get(),
                           .element_count = static_cast<std::uint32_t>(plan->elements.size()),
                           .input_bytes = static_cast<std::uint32_t>(layout.input_bytes),
                           .output_bytes = static_cast<std::uint32_t>(layout.output_bytes),
                           .batches = layout.batches};
    return r;
}

} // namespace qaic
