// SPDX-License-Identifier: BSD-3-Clause
// LD_PRELOADed into dpdk-test-mldev where it has more polling threads than there are processors: whoever
// would spin gives the processor away, to the thread that it waits for. The program is as Debian ships it.
// Without this each of its waits lasts to the end of a time slice, and there are three of them: a burst call
// that moved nothing, an operation or buffer pool that is empty, the main lcore until its workers are done.
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <rte_launch.h>
#include <rte_mempool.h>
#include <rte_mldev.h>
#include <sched.h>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace {

/// The function that this one stands before.
template<class F>
F* real(F*, const char* name) noexcept
{
    void* const found = dlsym(RTLD_NEXT, name);
    if (found != nullptr) return reinterpret_cast<F*>(found);
    std::fprintf(stderr, "give_way: no %s to stand before\n", name);
    std::abort();
}
#define REAL(function) static auto* const next = real(&(function), #function)

std::uint16_t or_give_way(std::uint16_t moved) noexcept
{
    if (moved == 0) ::sched_yield();
    return moved;
}

rte_mempool_dequeue_t take_from_ring = nullptr;

int take_or_give_way(rte_mempool* pool, void** objects, unsigned n)
{
    const int result = take_from_ring(pool, objects, n);
    if (result != 0) ::sched_yield();
    return result;
}

} // namespace

extern "C" std::uint16_t rte_ml_enqueue_burst(std::int16_t dev, std::uint16_t qp, rte_ml_op** ops,
                                              std::uint16_t n)
{
    REAL(rte_ml_enqueue_burst);
    const auto taken = next(dev, qp, ops, n);
    ::sched_yield();
    return taken;
}

extern "C" std::uint16_t rte_ml_dequeue_burst(std::int16_t dev, std::uint16_t qp, rte_ml_op** ops,
                                              std::uint16_t n)
{
    REAL(rte_ml_dequeue_burst);
    return or_give_way(next(dev, qp, ops, n));
}

extern "C" int rte_eal_wait_lcore(unsigned worker)
{
    REAL(rte_eal_wait_lcore);
    while (rte_eal_get_lcore_state(worker) == RUNNING) ::usleep(1000);
    return next(worker);
}

extern "C" int rte_mempool_register_ops(const rte_mempool_ops* ops)
{
    REAL(rte_mempool_register_ops);
    auto copy = *ops;
    if (std::string_view(ops->name) == "ring_mp_mc")
        take_from_ring = std::exchange(copy.dequeue, take_or_give_way);
    return next(&copy);
}
