// SPDX-License-Identifier: BSD-3-Clause
// Ends of activations, users and subsystems; one round of the engine; what the card has left.
#include "card/nnc/firmware.hpp"
#include "base/checked.hpp"
#include <algorithm>
#include <bit>

namespace card {
namespace {
namespace status = aic100::nnc_status;
constexpr std::uint64_t image_align = 4096;
/// Channel and program in turn (an inference each), before the next channel has its turn. Those of a timing
/// model are short, and a poll that ends early has the next fifteen cards polled in between.
constexpr unsigned serve_rounds = 4, timed_serve_rounds = 32;
constexpr unsigned settle_rounds = 256, most_caught_up = 4096; ///< bounds of one round, as ever

Grant everything(const CardConfig& config)
{
    const auto nsps = std::min(config.nsps, max_nsps);
    return {(1u << aic100::dbc_count) - 1, (1u << nsps) - 1, mcid_total, semaphore_total, config.ddr_bytes};
}

std::uint64_t window_base(const CardConfig& config)
{
    const auto above = checked_align_up(ddr_bus_base + config.ddr_bytes, mcid_span * aic100::dbc_count);
    return std::max(window_bus_base, above.value_or(window_bus_base));
}
} // namespace

Firmware::Firmware(const CardConfig& card, QsmPorts ports)
    : config(card), host(ports.host), clock(ports.clock), ddr(ddr_bus_base, card.ddr_bytes),
      whole(std::make_shared<Pool>(everything(card))), yard(ports.clock),
      timing(card.timing ? std::make_unique<Timing>(*card.timing, ports.clock) : nullptr),
      workload_crashed_(std::move(ports.workload_crashed)), window_base_(window_base(card))
{
    for (unsigned i = 0; i < aic100::dbc_count; ++i) {
        const auto page = ports.dbc_window.subspan(aic100::dbc_offset(i), aic100::dbc_stride);
        channels[i] = std::make_unique<Channel>(host, page, i, card.force_msi_enabled, timing.get());
    }
}

NncResult<std::shared_ptr<Pool>> Firmware::pool_of(std::int32_t partition) const
{
    if (partition == aic100::nnc_no_partition) return whole;
    const auto group = partition > 0 ? groups.find(static_cast<std::uint32_t>(partition)) : nullptr;
    if (!group) return tl::unexpected(status::ID_NOT_FOUND);
    return group->pool;
}

NncResult<Firmware::Memory> Firmware::take_memory(const std::shared_ptr<Pool>& pool, std::uint64_t bytes)
{
    const auto whole_pages = checked_align_up(bytes, image_align);
    if (!whole_pages) return tl::unexpected(status::NO_MEMORY);
    auto lease = Pool::take(pool, {.ddr = *whole_pages});
    if (!lease) return tl::unexpected(lease.error());
    auto region = ddr.allocate(*whole_pages, image_align, Place::HIGH);
    if (!region) return tl::unexpected(status::NO_MEMORY);
    return Memory{std::move(*lease), std::move(*region)};
}

NncStatus Firmware::use_of(const Image& image) const noexcept
{
    for (const auto& [id, a] : activations)
        if (a->image.get() == &image) return a->restarting ? status::SSR : status::NOT_PERMITTED;
    return status::OK;
}

NncStatus Firmware::use_of(const Constants& held) const noexcept
{
    for (const auto& [id, a] : activations)
        if (a->constants.get() == &held) return a->restarting ? status::SSR : status::NOT_PERMITTED;
    return status::OK;
}

void Firmware::stop_channel(const Activation& a)
{
    if (by_dbc[a.dbc].get() != &a) return;
    channels[a.dbc]->stop();
    running_ &= ~(1u << a.dbc);
    by_dbc[a.dbc].reset();
}

NncStatus Firmware::deactivate(Activation& activation, bool free_channel)
{
    const auto keep = activations.find(activation.id); // by_dbc may hold the last other reference
    if (activation.restarting) return status::SSR;
    (void)catch_up();
    stop_channel(activation);
    if (activation.runner && !activation.runner->exit()) return status::DEACTIVATE_ACK;
    activation.runner.reset();
    activation.memory = ActivationMemory();
    activation.arena.reset();
    activation.core_lease = Lease();
    activation.memory_lease = Lease();
    activation.image.reset();
    activation.constants.reset();
    if (free_channel) activations.remove(activation.id);
    return status::OK;
}

void Firmware::terminate(std::uint32_t handle)
{
    (void)catch_up();
    for (unsigned i = 0; i < aic100::dbc_count; ++i)
        if (const auto a = by_dbc[i]; a && a->handle == handle) stop_channel(*a);
    activations.remove_of(handle);
    images.remove_of(handle);
    constants.remove_of(handle);
    channels_reserved.remove_of(handle);
    cores_reserved.remove_of(handle);
    groups.remove_of(handle); // a group another user still draws on goes with that user's last lease
}

void Firmware::reset()
{
    for (unsigned i = 0; i < aic100::dbc_count; ++i) {
        channels[i]->stop();
        by_dbc[i].reset();
    }
    running_ = 0;
    dedicated_channels = 0;
    activations.clear();
    images.clear();
    constants.clear();
    channels_reserved.clear();
    cores_reserved.clear();
    groups.clear();
    if (timing) timing->clear();
}

bool Firmware::serve(unsigned dbc)
{
    auto& a = *by_dbc[dbc];
    auto& channel = *channels[dbc];
    bool moved = false;
    for (unsigned i = 0, most = timing ? timed_serve_rounds : serve_rounds; i < most; ++i) {
        bool now = channel.step();
        now |= step_program(a);
        if (!now) break;
        moved = true;
    }
    if (a.runner && a.runner->crashed() && !a.crash_told) tell_crash(a);
    return moved;
}

/// The restart may begin in there, which takes the channel and the program away.
void Firmware::tell_crash(Activation& a)
{
    const auto keep = by_dbc[a.dbc];
    const auto dump = [&a] { return a.runner->dump(); };
    if (workload_crashed_ && workload_crashed_(a.dbc, dump)) a.crash_told = true;
}

bool Firmware::step_program(Activation& a) const
{
    if (!a.runner || a.state != 1) return false;
    if (!a.memory.touched && !a.runner->restless()) {
        const auto due = a.runner->due();
        if (!due || *due > clock.now()) return false;
    }
    return a.memory.touched = a.runner->step();
}

/// All that follows at the same instant; responses leave when the channel is served.
void Firmware::settle(unsigned dbc)
{
    const auto& a = by_dbc[dbc];
    if (!a) return;
    a->memory.touched = true;
    for (unsigned i = 0; i < settle_rounds; ++i) {
        const bool moved = channels[dbc]->settle();
        if (!step_program(*a) && !moved) break;
    }
}

bool Firmware::catch_up()
{
    if (!timing) return true;
    timing->go_live();
    auto due = timing->due();
    if (!due) return true;
    const auto now = timing->now();
    for (unsigned i = 0; due && *due <= now; ++i, due = timing->due()) {
        if (i == most_caught_up) return false;
        settle(timing->fire());
    }
    timing->go_live();
    return true;
}

bool Firmware::poll()
{
    bool moved = false;
    if (!catch_up()) return true;
    for (auto left = running_; left != 0; left &= left - 1) {
        if (timing)
            timing->go_live(); // what this channel was sent since came later than what the last one was
        moved |= serve(static_cast<unsigned>(std::countr_zero(left)));
    }
    yard.poll();
    return moved;
}

std::optional<Nanos> Firmware::next_due() const
{
    auto first = yard.due();
    if (timing)
        if (const auto due = timing->due(); due && (!first || *due < *first)) first = due;
    for (const auto& a : by_dbc) {
        if (!a || !a->runner || a->state != 1) continue;
        const auto due = a->runner->due();
        if (due && (!first || *due < *first)) first = due;
    }
    return first;
}

bool Firmware::ssr_begin(unsigned dbc)
{
    if (dbc >= aic100::dbc_count || !by_dbc[dbc]) return false;
    const auto a = by_dbc[dbc];
    (void)catch_up();
    stop_channel(*a);
    a->runner.reset();
    a->restarting = true;
    return true;
}

void Firmware::ssr_end(unsigned dbc)
{
    for (const auto& [id, a] : activations)
        if (a->restarting && a->dbc == dbc) {
            activations.remove(id); // the user has to activate again (6.1)
            return;
        }
}

bool Firmware::restarting() const noexcept
{
    return std::any_of(activations.begin(), activations.end(),
                       [](const auto& a) { return a.second->restarting; });
}

aic100::ResourceBlock Firmware::resources(const Pool& pool) const
{
    const auto megabytes = [](std::uint64_t b) {
        return static_cast<std::uint32_t>(std::min<std::uint64_t>(b >> 20, 0xffffffff));
    };
    const auto bits = [](std::uint32_t mask) { return static_cast<std::uint8_t>(std::popcount(mask)); };
    aic100::ResourceBlock r{};
    r.dram_total_mb = megabytes(pool.total().ddr);
    r.dram_free_mb = megabytes(pool.free().ddr);
    if (ddr.free() != 0)
        r.fragmentation_percent = static_cast<std::uint32_t>(
            100 - 100 * (ddr.largest_hole() >> 10) / std::max<std::uint64_t>(ddr.free() >> 10, 1));
    r.vc_total = bits(pool.total().vc_mask);
    r.vc_free = bits(pool.free().vc_mask);
    r.nsp_total = bits(pool.total().nsp_mask);
    r.nsp_free = bits(pool.free().nsp_mask);
    r.mcid_total = pool.total().mcids;
    r.mcid_free = pool.free().mcids;
    r.semaphore_total = pool.total().semaphores;
    r.semaphore_free = pool.free().semaphores;
    r.physical_channels_total = physical_channels;
    r.physical_channels_dedicated = dedicated_channels;
    return r;
}

aic100::PerformanceBlock Firmware::performance()
{
    std::uint64_t bytes = 0;
    for (const auto& c : channels) bytes += c->counters().bytes;
    const auto window = clock.now() - bandwidth_since_;
    if (window >= 100ms) { // 4.13: an average over about 100 ms; here over the time since the last question
        const auto micros =
            static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(window).count());
        bandwidth_kbps_ = static_cast<std::uint64_t>(static_cast<double>(bytes - bytes_seen_) * 1000.0 /
                                                     static_cast<double>(micros));
        bytes_seen_ = bytes;
        bandwidth_since_ = clock.now();
    }
    aic100::PerformanceBlock p{};
    p.nsp_hz = 1'000'000'000;
    p.ddr_hz = 2'133'000'000;
    p.compute_noc_hz = 1'000'000'000;
    p.memory_noc_hz = 1'000'000'000;
    p.system_noc_hz = 500'000'000;
    p.peak_ops = 400'000'000'000'000;
    p.dram_bandwidth_kbps = bandwidth_kbps_;
    return p;
}

} // namespace card
