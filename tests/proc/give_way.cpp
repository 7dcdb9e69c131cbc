// SPDX-License-Identifier: BSD-3-Clause
// LD_PRELOADed into dpdk-test-mldev where it has more polling threads than there are processors: whoever
// would spin gives the processor away, to the thread that it waits for. The program is as Debian ships it.
// Without this each of its waits lasts to the end of a time slice, and there are three of them: a burst call
// that moved nothing, an operation or buffer pool that is empty, the main lcore until its workers are done.
//
// It also keeps a mistake of the program's (24.11 to 25.11) from showing. Of an answered operation it gives
// back the request first and then the buffer segments, whose addresses it reads from that very request. A
// thread that loses its processor in between finds the segments of the request's next owner there, and gives
// those back while they are in use: soon one segment is the input of one operation and the output of another.
// Requests are reused only after 8191 others, so it takes a preemption, which is what threads get that share
// a processor. Here a request goes back with its operation, which comes last.
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
#include <vector>

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
rte_mempool_enqueue_t put_to_ring = nullptr;

struct Request {
    rte_mempool* pool;
    void* object;
};
thread_local std::vector<Request>
    answered;                          ///< requests of the operations of this thread's last dequeue burst
thread_local bool giving_back = false; ///< from that burst until its operations are back in their pool

int take_or_give_way(rte_mempool* pool, void** objects, unsigned n)
{
    const int result = take_from_ring(pool, objects, n);
    if (result != 0) ::sched_yield();
    return result;
}

bool is_named(const rte_mempool* pool, std::string_view start) noexcept
{
    return std::string_view(pool->name).starts_with(start);
}

int put_requests_last(rte_mempool* pool, void* const* objects, unsigned n)
{
    if (giving_back && is_named(pool, "ml_io_pool_")) {
        for (unsigned i = 0; i < n; ++i) answered.push_back({pool, objects[i]});
        return 0;
    }
    if (giving_back && is_named(pool, "ml_test_op_pool")) {
        giving_back = false;
        for (const auto& r : answered) put_to_ring(r.pool, &r.object, 1);
        answered.clear();
    }
    return put_to_ring(pool, objects, n);
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
    const auto moved = next(dev, qp, ops, n);
    if (moved != 0) giving_back = true;
    return or_give_way(moved);
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
    if (std::string_view(ops->name) == "ring_mp_mc") {
        take_from_ring = std::exchange(copy.dequeue, take_or_give_way);
        put_to_ring = std::exchange(copy.enqueue, put_requests_last);
    }
    return next(&copy);
}
