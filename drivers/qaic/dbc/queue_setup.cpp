// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/dbc/queue_setup.hpp"
#include <algorithm>
#include <bit>

namespace qaic::dbc {
namespace {
constexpr std::uint32_t acknowledge_batch = 32; ///< responses a write of RSPHP, where the FIFO allows
/// Lanes get equal, power-of-two shares of the ids, so that slot -> lane is a shift.
/// Lanes of any depth can take an operation over chains of segments, which holds several ids.
constexpr std::uint32_t least_slots = 32;
std::uint32_t slots_per_lane(const QueueConfig& c) { return std::bit_ceil(std::max(c.depth, least_slots)); }
} // namespace

Result<std::unique_ptr<Queue>> Queue::allocate(Bus& bus, const QueueConfig& config)
{
    const auto share = std::uint64_t{slots_per_lane(config)};
    const auto slots = share * config.lanes;
    if (config.lanes == 0 || config.lanes > aic100::dbc_count || config.op_limit == 0 ||
        config.elements_per_op == 0)
        return fail(Code::E_INVAL, "{}: bad queue configuration lanes={} elements/op={}", bus.name(),
                    config.lanes, config.elements_per_op);
    if (slots > max_slots)
        return fail(
            Code::E_LIMIT,
            "{}: {} queue pairs of depth {} need {} request ids on one DBC, limit={}: use depth {} or less",
            bus.name(), config.lanes, config.depth, slots, max_slots,
            std::bit_floor(max_slots / config.lanes));
    const auto elements = std::bit_ceil(std::max<std::uint64_t>(slots * config.elements_per_op + 1, 2));
    const auto layout = aic100::fifo_layout(elements);
    if (!layout)
        return fail(
            Code::E_LIMIT,
            "{}: {} operations of {} elements need a FIFO of {} elements, limit={}: use a smaller depth",
            bus.name(), slots, config.elements_per_op, elements, aic100::fifo_max_elements);

    std::unique_ptr<Queue> q(new Queue(bus, config));
    q->layout_ = *layout;
    QAIC_TRY(q->fifo_, bus.dma_alloc(layout->bytes, aic100::fifo_align, "dbc_fifo"));
    q->slots_ = place_array<Slot>(bus.burst_memory(),
                                  std::bit_ceil(slots)); // any slot number an id can hold is in range
    q->lanes_ = place_array<Lane>(bus.burst_memory(), config.lanes);
    q->channel_ = place<Channel>(bus.burst_memory());
    auto& c = *q->channel_;
    c.requests = reinterpret_cast<aic100::RequestElement*>(q->fifo_.data());
    c.responses = reinterpret_cast<std::uint32_t*>(q->fifo_.data() + layout->response_offset);
    c.slots = q->slots_.get();
    c.lanes = q->lanes_.get();
    c.mask = static_cast<std::uint32_t>(elements - 1);
    c.slot_count = static_cast<std::uint32_t>(slots);
    c.slots_per_lane = static_cast<std::uint32_t>(share);
    c.lane_shift = static_cast<std::uint8_t>(std::countr_zero(share));
    c.elements_per_op = static_cast<std::uint16_t>(config.elements_per_op);
    c.lane_count = static_cast<std::uint16_t>(config.lanes);
    c.completions = config.completions;
    // The FIFO has at least two elements a slot, so a quarter of it held back never lets the card run out of
    // room.
    c.acknowledge_at = std::clamp(static_cast<std::uint32_t>(elements / 4), 1u, acknowledge_batch);
    c.ids = IdFormat(static_cast<std::uint32_t>(slots));
    return q;
}

Queue::~Queue() = default;

Result<void> Queue::bind(unsigned dbc, std::uint64_t now, std::span<const SlicePlan::Element> plan)
{
    auto& c = *channel_;
    if (dbc >= aic100::dbc_count)
        return fail(Code::E_PROTO, "{}: N-DBC id out of range got={} limit={}", bus_.name(), dbc,
                    aic100::dbc_count);
    auto* const page = bus_.dbc_window() + aic100::dbc_offset(dbc);
    const auto reg = [page](std::uint32_t off) {
        return reinterpret_cast<volatile std::uint32_t*>(page + off);
    };
    const auto value = [&](std::uint32_t off) { return read_register(reg(off)); };
    const auto reqhp = value(aic100::dbc_reg::REQHP), reqtp = value(aic100::dbc_reg::REQTP);
    const auto rsphp = value(aic100::dbc_reg::RSPHP), rsptp = value(aic100::dbc_reg::RSPTP);
    // 4.8: after activation both FIFOs are empty and the indices are where the host starts.
    if (reqhp != reqtp || rsphp != rsptp || reqtp > c.mask || rsphp > c.mask)
        return fail(reqhp == aic100::all_ones ? Code::E_REMOVED : Code::E_PROTO,
                    "{}: FIFOs not empty after activation req={}..{} rsp={}..{} limit={} dbc={}", bus_.name(),
                    reqhp, reqtp, rsphp, rsptp, elements(), dbc);
    c.dbc = static_cast<std::uint8_t>(dbc);
    c.reg_reqtp = reg(aic100::dbc_reg::REQTP);
    c.reg_rsphp = reg(aic100::dbc_reg::RSPHP);
    c.reg_rsptp = reg(aic100::dbc_reg::RSPTP);
    c.tail.store(reqtp), c.turn.store(reqtp);
    c.head = c.cached_tail = rsphp;
    c.unacknowledged = 0;
    c.published.store(0);
    c.completed = c.published_seen = 0;
    c.fault = {};
    c.fault_claimed.store(false);
    fill_ring(plan);
    for (std::uint32_t i = 0; i <= c.mask; ++i) c.responses[i] = poison_word;
    for (std::uint32_t i = 0; i < c.slot_count; ++i) { // generations go on
        auto& state = c.slots[i].state;
        const auto last = static_cast<std::uint16_t>(state.load());
        state.store(c.ids.slot(last) == i ? last : i);
    }
    for (std::uint32_t i = 0; i < c.lane_count; ++i)
        lanes_[i].bind(c, i * c.slots_per_lane, c.slots_per_lane, config_.op_limit, now, bus_.burst_memory());
    c.state.store(ChannelState::ACTIVE, std::memory_order_release);
    return {};
}

/// Every operation then starts at an even element, whatever came before it; the index the card starts with is
/// even unless the card is strange, and then elements are written whole.
void Queue::fill_ring(std::span<const SlicePlan::Element> plan) noexcept
{
    auto& c = *channel_;
    c.filled = InOut::fits(plan) && !c.shared() && c.tail.load() % 2 == 0;
    if (!c.filled) return;
    for (std::uint32_t i = 0; i <= c.mask; ++i) c.requests[i] = plan[i % 2].wire;
}

void Queue::set_fenced() noexcept
{
    auto& c = *channel_;
    if (c.draining.exchange(false)) // by a process that died of it
        for (std::uint32_t i = 0; i < c.lane_count; ++i) lanes_[i].revive_lost();
    c.state.store(ChannelState::FENCED, std::memory_order_release);
}

std::uint64_t Queue::outstanding() const noexcept
{
    std::uint64_t n = 0;
    if (channel_->state.load() != ChannelState::UNBOUND)
        for (std::uint32_t i = 0; i < channel_->lane_count; ++i) n += lanes_[i].outstanding();
    return n;
}

std::string Queue::fault_text() const
{
    const auto& f = channel_->fault;
    const auto& info = guard_info(f.guard);
    return fmt::format("{} {}: {} {} got={} limit={} dbc={}", bus_.name(), code_name(info.code), info.name,
                       info.text, f.got, f.limit, channel_->dbc);
}

} // namespace qaic::dbc
