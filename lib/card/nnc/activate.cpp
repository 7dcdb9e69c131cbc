// SPDX-License-Identifier: BSD-3-Clause
// ACTIVATE: check, take every resource or none, fill the memories, start the program, then the channel.
#include "base/checked.hpp"
#include "card/nnc/firmware.hpp"
#include <algorithm>
#include <bit>

namespace card {
namespace {
namespace status = aic100::nnc_status;
constexpr std::int32_t reservation_default = -1, reservation_skip = 0xfe;
constexpr std::int32_t last_state = 2;
} // namespace

NncResult<std::shared_ptr<Activation>> Firmware::new_activation(const Caller& caller) const
{
    if (activations.full()) return tl::unexpected(status::NO_ID);
    auto a = std::make_shared<Activation>();
    a->handle = caller.handle;
    return a;
}

NncStatus Firmware::busy_or(NncStatus code) const noexcept
{
    const bool exhausted = code <= status::NO_MCID && code >= status::NO_SEMAPHORE;
    return exhausted && restarting() ? status::SSR : code; // what is missing comes back with the subsystem
}

NncResult<Firmware::Sources> Firmware::sources_of(const Caller& caller, const aic100::Activate& request) const
{
    auto base = pool_of(caller.partition);
    if (!base) return tl::unexpected(base.error());
    Sources out{*base, *base};
    if (request.vc_reservation_id >= 0 && request.vc_reservation_id != reservation_skip) {
        const auto id = static_cast<std::uint32_t>(request.vc_reservation_id.get());
        const auto found = owned(channels_reserved, id, caller);
        if (!found) return tl::unexpected(found.error());
        out.channel = (*found)->pool;
    }
    if (request.reservation_id != reservation_default) {
        const auto id = static_cast<std::uint32_t>(request.reservation_id.get());
        const auto found = owned(cores_reserved, id, caller);
        if (!found) return tl::unexpected(found.error());
        out.cores = (*found)->pool;
    }
    return out;
}

NncResult<void> Firmware::find_parts(Activation& a, const Caller& caller,
                                     const aic100::Activate& request) const
{
    auto image = owned(images, request.elf_id, caller);
    if (!image) return tl::unexpected(image.error());
    a.image = *image;
    a.state = request.initial_state;
    if (a.state < 0 || a.state > last_state) return tl::unexpected(status::PARAMETER);
    if (request.constants_id != 0) {
        auto found = owned(constants, request.constants_id, caller);
        if (!found) return tl::unexpected(found.error());
        a.constants = *found;
    }
    const auto& p = a.image->program;
    if (p.static_constants == 0 && p.dynamic_constants == 0) return {};
    if (!a.constants) return tl::unexpected(status::PARAMETER);
    if (a.constants->static_bytes < p.static_constants || a.constants->dynamic_bytes < p.dynamic_constants)
        return tl::unexpected(status::METADATA);
    return {};
}

NncResult<void> Firmware::take_resources(Activation& a, const Sources& from)
{
    const auto& p = a.image->program;
    auto channel = Pool::take(from.channel, {.vcs = 1, .semaphores = p.semaphores});
    if (!channel) return tl::unexpected(busy_or(channel.error()));
    a.channel_lease = std::move(*channel);
    a.dbc = static_cast<unsigned>(std::countr_zero(a.channel_lease.grant().vc_mask));
    auto cores = Pool::take(from.cores, {.nsps = p.nsps, .mcids = p.mcids});
    if (!cores) return tl::unexpected(busy_or(cores.error()));
    a.core_lease = std::move(*cores);

    const auto shared = shared_ddr_bytes(p);
    if (!shared) return tl::unexpected(status::NO_MEMORY);
    Region ddr_region;
    if (*shared != 0) {
        auto lease = Pool::take(from.cores, {.ddr = *shared});
        auto region = ddr.allocate(*shared, ddr_align);
        if (!lease || !region) return tl::unexpected(status::NO_MEMORY);
        a.memory_lease = std::move(*lease);
        ddr_region = std::move(*region);
    }
    if (p.host_native) {
        const NativeSources sources{
            ConstSpan(a.image->memory.bytes()).first(p.native.elf_bytes),
            a.constants
                ? ConstSpan(a.constants->memory.bytes()).first(p.static_constants + p.dynamic_constants)
                : ConstSpan()};
        a.arena = NativeArena::create(p, sources);
        if (!a.arena) return tl::unexpected(status::NO_MEMORY);
    }
    auto memory =
        ActivationMemory::create(p, std::move(ddr_region), window_base_ + a.dbc * mcid_span, a.arena);
    if (!memory) return tl::unexpected(status::NO_MEMORY);
    a.memory = std::move(*memory);
    return {};
}

NncResult<void> Firmware::start_program(Activation& a)
{
    const auto& p = a.image->program;
    a.semaphores.set(p.semaphore_init);
    if (p.host_native) {
        auto process = NativeWorkload::start(p, {a.memory, a.semaphores, yard, clock}, a.arena);
        if (!process) return tl::unexpected(status::NSP_RESPONSE); // no qaic-nsp-host, or no process
        a.runner = std::move(process);
        return {};
    }
    return start_emulated(a);
}

NncResult<void> Firmware::start_emulated(Activation& a)
{
    const auto& p = a.image->program;
    const auto make = [&](Buffers buffers) -> NncResult<std::unique_ptr<Backend>> {
        if (p.kind != aic100::NspKind::ONNX) return make_builtin(p, std::move(buffers));
        return make_onnx(p, std::move(buffers), a.constants->memory.bytes().first(p.static_constants));
    };
    if (timing) {
        auto made = TimedRunner::create({p, a.memory, a.semaphores, *timing}, a.dbc, make);
        if (!made) return tl::unexpected(made.error());
        a.runner = std::move(*made);
        return {};
    }
    auto backend = make(Doorbells::buffers(p, a.memory));
    if (!backend) return tl::unexpected(backend.error());
    a.runner = std::make_unique<Runner>(p, a.memory, a.semaphores, std::move(*backend), clock);
    return {};
}

void Firmware::start_channel(const std::shared_ptr<Activation>& a, const Channel::Fifo& fifo)
{
    channels[a->dbc]->start(fifo, a->memory, a->semaphores);
    by_dbc[a->dbc] = a;
    running_ |= 1u << a->dbc;
    a->id = activations.add(a);
}

NncResult<std::shared_ptr<Activation>>
Firmware::activate(const Caller& caller, const aic100::Activate& request, const Channel::Fifo& fifo)
{
    auto a = new_activation(caller);
    if (!a) return a;
    const auto from = sources_of(caller, request);
    if (!from) return tl::unexpected(from.error());
    if (auto r = find_parts(**a, caller, request); !r) return tl::unexpected(r.error());
    if (auto r = take_resources(**a, *from); !r) return tl::unexpected(r.error());
    if (auto r = start_program(**a); !r) return tl::unexpected(r.error());
    start_channel(*a, fifo);
    return a;
}

NncResult<std::shared_ptr<Activation>> Firmware::activate_bare(const Caller& caller,
                                                               const Channel::Fifo& fifo)
{
    auto a = new_activation(caller);
    const auto pool = pool_of(caller.partition);
    if (!a || !pool) return a ? tl::unexpected(pool.error()) : a;
    auto lease = Pool::take(*pool, {.vcs = 1});
    if (!lease) return tl::unexpected(busy_or(lease.error()));
    (*a)->channel_lease = std::move(*lease);
    (*a)->dbc = static_cast<unsigned>(std::countr_zero((*a)->channel_lease.grant().vc_mask));
    start_channel(*a, fifo);
    return a;
}

} // namespace card
