// SPDX-License-Identifier: BSD-3-Clause
// Probe and removal in a secondary process, and which queue pairs it may use.
#include "qaic/mldev_burst.hpp"
#include "qaic/mldev_guard.hpp"
#include "qaic/quiesce.hpp"
#include "qaic/secondary/attached.hpp"
#include "qaic/secondary/process.hpp"
#include "qaic/secondary/secondary.hpp"
#include <cstring>
#include <rte_errno.h>
#include <rte_memzone.h>
#include <unistd.h>

namespace qaic::secondary {
namespace {

constexpr std::size_t most = 64; ///< devices of the mldev library
/// By number of the device in the primary. What bursts look at.
constinit std::array<std::array<std::atomic<QueuePair*>, DeviceLimits::queue_pairs>, most> pairs;
/// Probes and removals come one at a time; the lock is for orphan.cpp.
std::mutex attached_lock;
std::vector<std::unique_ptr<Attached>> attached;

std::size_t number_of(const Attached& a) noexcept
{
    return static_cast<std::size_t>(a.dev->data->dev_id) % most;
}

/// The mldev library takes the shared data of its own next number; devices may have been probed in another
/// order here.
Result<void> find_data(rte_ml_dev* dev, const char* name)
{
    for (std::size_t i = 0; i < most; ++i) {
        if (std::strncmp(dev->data->name, name, RTE_ML_STR_MAX) == 0) return {};
        const auto zone = fmt::format("rte_ml_dev_data_{}", i);
        if (const auto* const mz = rte_memzone_lookup(zone.c_str()); mz != nullptr)
            dev->data = static_cast<rte_ml_dev_data*>(mz->addr);
    }
    if (std::strncmp(dev->data->name, name, RTE_ML_STR_MAX) == 0) return {};
    return fail(Code::E_STATE, "{}: the primary process has no device of this name", name);
}

Result<Attached*> attached_of(std::int16_t dev_id)
{
    if (rte_ml_dev_count() != 0 && dev_id >= 0 && rte_ml_dev_is_valid_dev(dev_id) != 0)
        if (auto* const a = find(rte_ml_dev_pmd_get_dev(dev_id)); a != nullptr) return a;
    return fail(Code::E_INVAL, "no qaic device of this id in this secondary process got={}", dev_id);
}

void forget_pairs(Attached& a) noexcept
{
    for (std::uint16_t q = 0; q < DeviceLimits::queue_pairs; ++q) set_pair(a, q, nullptr);
}

} // namespace

bool is_secondary() noexcept { return rte_eal_process_type() == RTE_PROC_SECONDARY; }

Attached* find(const rte_ml_dev* dev) noexcept
{
    const std::lock_guard lock(attached_lock);
    for (const auto& a : attached)
        if (a->dev == dev) return a.get();
    return nullptr;
}

QueuePair* pair_of(const rte_ml_dev* dev, std::uint16_t qp_id) noexcept
{
    const auto number = static_cast<std::size_t>(dev->data->dev_id);
    return qp_id < DeviceLimits::queue_pairs ? pairs[number % most][qp_id].load(std::memory_order_acquire)
                                             : nullptr;
}
QueuePair* pair_of(const Attached& a, std::uint16_t qp_id) noexcept { return pair_of(a.dev, qp_id); }
void set_pair(const Attached& a, std::uint16_t qp_id, QueuePair* pair) noexcept
{
    pairs[number_of(a)][qp_id].store(pair, std::memory_order_release);
}

bool orphan_devices(Nanos dead_for)
{
    const std::lock_guard lock(attached_lock);
    bool all = true;
    for (const auto& a : attached) {
        for (std::uint16_t q = 0; q < DeviceLimits::queue_pairs; ++q) {
            auto* const qp = pair_of(*a, q);
            if (qp == nullptr) continue;
            const auto each = [&](auto&& visit) {
                for (std::uint16_t m = 0; m < qp->model_count; ++m)
                    if (const auto* const port = qp->ports[m].load(); port != nullptr)
                        visit(*port->lane->channel);
                for (auto* const lane : qp->lanes.load()->lanes) visit(*lane->channel);
            };
            each([](dbc::Channel& c) { c.raise(dbc::Guard::REMOVED); });
            quiesce_fence(); // whoever saw them in use is out when its mark is even
            const bool fenced = a->dma_ends && dead_for >= *a->dma_ends && !qp->enqueue_mark.inside() &&
                                !qp->dequeue_mark.inside();
            if (fenced)
                each([](dbc::Channel& c) { c.state.store(dbc::ChannelState::FENCED); });
            else
                all = all && !a->dma_ends; // never, where the card runs on
        }
    }
    return all;
}

Result<void> attach(rte_device* parent, const char* name, std::optional<Nanos> dma_ends,
                    const volatile void* window)
{
    QAIC_CHECK(quiesce_setup());
    QAIC_CHECK(quiesce_setup_shared());
    auto a = std::make_unique<Attached>();
    a->name = name, a->dma_ends = dma_ends;
    int fd = -1;
    QAIC_TRY(const auto hello, ask(name, Ask::HELLO, 0, &fd));
    Result<void> mapped;
    if (window == nullptr) {
        auto w = MappedWindow::map(hello, fd);
        if (w)
            a->window = std::move(*w);
        else
            mapped = fail_at(name, std::move(w).error());
    } else if (reinterpret_cast<std::uintptr_t>(window) != hello.address) {
        mapped = fail(Code::E_NOMEM, "{}: DBC window is mapped elsewhere than in the primary process", name);
    }
    if (fd >= 0) ::close(fd);
    QAIC_CHECK(mapped);
    a->mailbox = reinterpret_cast<const Mailbox*>(hello.mailbox);
    QAIC_CHECK(watch_primary());
    rte_ml_dev_pmd_init_params params{};
    params.private_data_size = sizeof(MlPrivate);
    auto* const dev = rte_ml_dev_pmd_create(name, parent, &params);
    if (dev == nullptr) return fail(Code::E_LIMIT, "{}: rte_ml_dev_pmd_create failed", name);
    if (auto found = find_data(dev, name); !found) {
        rte_ml_dev_pmd_destroy(dev);
        return found;
    }
    dev->dev_ops = &secondary_ops;
    dev->enqueue_burst = enqueue;
    dev->dequeue_burst = dequeue;
    dev->op_error_get = ml_op_error_get;
    a->dev = dev;
    const std::lock_guard lock(attached_lock);
    attached.push_back(std::move(a));
    log(LogLevel::INFO, "{}: attached to the primary process's device", name);
    return {};
}

int detach(const char* name) noexcept
{
    auto* const dev = rte_ml_dev_pmd_get_named_dev(name);
    if (dev == nullptr) return 0;
    auto* const mine = find(dev);
    if (mine == nullptr) return 0;
    for (std::uint16_t q = 0; q < DeviceLimits::queue_pairs; ++q)
        if (pair_of(*mine, q) != nullptr && !primary_died())
            (void)guarded([&] { return release(dev->data->dev_id, q); }); // what stays is fetched when we end
    forget_pairs(*mine);
    bool last = false;
    {
        const std::lock_guard lock(attached_lock);
        std::erase_if(attached, [mine](const auto& a) { return a.get() == mine; });
        last = attached.empty();
    }
    if (last) unwatch_primary(); // waits for a look that runs, which takes the lock
    rte_ml_dev_pmd_destroy(dev);
    return 0;
}

Result<void> claim(std::int16_t dev_id, std::uint16_t qp_id)
{
    QAIC_TRY(auto* const a, attached_of(dev_id));
    const std::lock_guard lock(a->lock);
    if (qp_id >= DeviceLimits::queue_pairs)
        return fail(Code::E_INVAL, "{}: queue pair got={} limit={}", a->name, qp_id,
                    DeviceLimits::queue_pairs);
    if (pair_of(*a, qp_id) != nullptr) return {};
    QAIC_TRY(const auto reply, ask(a->name, Ask::CLAIM, qp_id));
    set_pair(*a, qp_id, reinterpret_cast<QueuePair*>(reply.address));
    return {};
}

Result<void> release(std::int16_t dev_id, std::uint16_t qp_id)
{
    QAIC_TRY(auto* const a, attached_of(dev_id));
    const std::lock_guard lock(a->lock);
    auto* const pair = qp_id < DeviceLimits::queue_pairs ? pair_of(*a, qp_id) : nullptr;
    if (pair == nullptr)
        return fail(Code::E_INVAL, "{}: queue pair {} is not assigned to this process", a->name, qp_id);
    set_pair(*a, qp_id, nullptr);
    quiesce_fence();
    const bool inside = pair->enqueue_mark.inside() || pair->dequeue_mark.inside();
    auto done = inside ? fail(Code::E_BUSY, "{}: queue pair {} is in a burst call", a->name, qp_id)
                       : ask(a->name, Ask::RELEASE, qp_id).map([](const Reply&) {});
    if (!done && !primary_died()) set_pair(*a, qp_id, pair);
    return done;
}

Result<QueuePair*> claimed(std::int16_t dev_id, std::uint16_t qp_id)
{
    QAIC_TRY(auto* const a, attached_of(dev_id));
    auto* const pair = pair_of(*a, qp_id);
    if (pair != nullptr) return pair;
    return fail(Code::E_INVAL, "{}: queue pair {} is not assigned to this process: claim it", a->name, qp_id);
}

} // namespace qaic::secondary
