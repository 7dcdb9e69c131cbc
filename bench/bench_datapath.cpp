// SPDX-License-Identifier: BSD-3-Clause
// What an operation costs in the driver, beside DPDK's own null device of the cryptodev class, all in one run
// (dpdk-driver-guide.md 8). TSC cycles an operation: `cycles_per_op`, without the null device's own work,
// which is polled inline on the same core. Compare by ratio to crypto_null of the same burst:
// config/ci/bench_ratios.py.
#include "datapath_rig.hpp"
#include "qaic/mldev_burst.hpp"
#include <array>
#include <rte_cryptodev.h>
#include <rte_eal.h>

namespace {
using namespace rig;
constexpr std::uint16_t depth = 64;

// ---- the yardstick
// --------------------------------------------------------------------------------------------

struct CryptoNull {
    CryptoNull()
    {
        rte_cryptodev_config config{};
        config.socket_id = SOCKET_ID_ANY, config.nb_queue_pairs = 1;
        rte_cryptodev_qp_conf qp{};
        qp.nb_descriptors = 2048;
        sessions = rte_cryptodev_sym_session_pool_create(
            "bench_sess", 4, rte_cryptodev_sym_get_private_session_size(0), 0, 0, SOCKET_ID_ANY);
        qp.mp_session = sessions;
        pool =
            rte_crypto_op_pool_create("bench_ops", RTE_CRYPTO_OP_TYPE_SYMMETRIC, 1023, 0, 0, SOCKET_ID_ANY);
        if (sessions == nullptr || pool == nullptr || rte_cryptodev_configure(0, &config) != 0 ||
            rte_cryptodev_queue_pair_setup(0, 0, &qp, SOCKET_ID_ANY) != 0 || rte_cryptodev_start(0) != 0)
            return;
        rte_crypto_sym_xform xform{};
        xform.type = RTE_CRYPTO_SYM_XFORM_CIPHER;
        xform.cipher.op = RTE_CRYPTO_CIPHER_OP_ENCRYPT, xform.cipher.algo = RTE_CRYPTO_CIPHER_NULL;
        session = rte_cryptodev_sym_session_create(0, &xform, sessions);
        ready = session != nullptr &&
                rte_crypto_op_bulk_alloc(pool, RTE_CRYPTO_OP_TYPE_SYMMETRIC, ops.data(), depth) != 0;
        for (auto* op : ops)
            if (ready) rte_crypto_op_attach_sym_session(op, session);
    }
    rte_mempool* sessions = nullptr;
    rte_mempool* pool = nullptr;
    void* session = nullptr;
    std::array<rte_crypto_op*, depth> ops{};
    bool ready = false;
};

void bm_crypto_null(benchmark::State& state)
{
    static CryptoNull null;
    if (!null.ready) return state.SkipWithError("crypto_null cannot be set up");
    const auto burst = static_cast<std::uint16_t>(state.range(0));
    std::array<rte_crypto_op*, depth> done{};
    std::uint16_t from = 0;
    measure(
        state, burst, [&] { return rte_cryptodev_enqueue_burst(0, 0, &null.ops[from], burst); }, [] {}, [] {},
        [&] {
            from = static_cast<std::uint16_t>((from + burst) % depth);
            return rte_cryptodev_dequeue_burst(0, 0, done.data(), burst);
        });
}
BENCHMARK(bm_crypto_null)->ArgName("burst")->Arg(1)->Arg(8)->Arg(32);

// ---- ours
// -----------------------------------------------------------------------------------------------------

void bm_native(benchmark::State& state)
{
    Dbc dbc(depth);
    Ops ops(depth);
    const auto burst = static_cast<std::uint16_t>(state.range(0));
    std::array<fast::Finished, depth> done{};
    std::uint16_t from = 0;
    measure(
        state, burst, [&] { return fast::submit_burst(dbc.qp(), 0, &ops.work[from], burst); },
        [&] { dbc.card.poll(); }, [&] { dbc.card.rehearse(); },
        [&] {
            from = static_cast<std::uint16_t>((from + burst) % depth);
            return fast::poll_burst(dbc.qp(), done.data(), burst);
        });
    state.counters["doorbells_per_op"] =
        static_cast<double>(dbc.queue->channel().doorbells) / static_cast<double>(state.iterations() * burst);
}
BENCHMARK(bm_native)->ArgName("burst")->Arg(1)->Arg(8)->Arg(32);

/// An rte_ml_dev of the library whose queue pair is ours: everything rte_mldev does is in the figure.
struct MlDev {
    explicit MlDev(QueuePair& qp)
    {
        device.name = "bench_ml";
        rte_ml_dev_pmd_init_params params{};
        params.socket_id = static_cast<std::uint8_t>(rte_socket_id());
        params.private_data_size = 64; // 0 is refused
        dev = rte_ml_dev_pmd_create("bench_ml", &device, &params);
        if (dev == nullptr) return;
        dev->device = &device;
        queue_pairs[0] = &qp;
        dev->data->queue_pairs = queue_pairs.data();
        dev->enqueue_burst = ml_enqueue_burst;
        dev->dequeue_burst = ml_dequeue_burst;
    }
    ~MlDev()
    {
        if (dev == nullptr) return;
        dev->data->queue_pairs = nullptr;
        rte_ml_dev_pmd_destroy(dev);
    }
    rte_device device{};
    rte_ml_dev* dev = nullptr;
    std::array<void*, 1> queue_pairs{};
};

void bm_mldev(benchmark::State& state)
{
    Dbc dbc(depth);
    Ops ops(depth);
    MlDev ml(dbc.qp());
    if (ml.dev == nullptr) return state.SkipWithError("no rte_ml_dev");
    const auto id = ml.dev->data->dev_id;
    const auto burst = static_cast<std::uint16_t>(state.range(0));
    std::array<rte_ml_op*, depth> done{};
    std::uint16_t from = 0;
    measure(
        state, burst, [&] { return rte_ml_enqueue_burst(id, 0, &ops.pointers[from], burst); },
        [&] { dbc.card.poll(); }, [&] { dbc.card.rehearse(); },
        [&] {
            from = static_cast<std::uint16_t>((from + burst) % depth);
            return rte_ml_dequeue_burst(id, 0, done.data(), burst);
        });
}
BENCHMARK(bm_mldev)->ArgName("burst")->Arg(1)->Arg(8)->Arg(32);

/// Two queue pairs feed one channel in turn.
void bm_native_shared(benchmark::State& state)
{
    Dbc dbc(depth, 2);
    Ops ops(depth);
    const auto burst = static_cast<std::uint16_t>(state.range(0));
    std::array<fast::Finished, depth> done{};
    std::uint16_t from = 0;
    std::size_t user = 0;
    measure(
        state, burst, [&] { return fast::submit_burst(dbc.qp(user), 0, &ops.work[from], burst); },
        [&] { dbc.card.poll(); }, [&] { dbc.card.rehearse(); },
        [&] {
            from = static_cast<std::uint16_t>((from + burst) % depth);
            const auto n = fast::poll_burst(dbc.qp(user), done.data(), burst);
            user ^= 1;
            return n;
        });
}
BENCHMARK(bm_native_shared)->ArgName("burst")->Arg(1)->Arg(8)->Arg(32);

/// Many active channels on one core, served in turn.
void bm_native_active(benchmark::State& state)
{
    std::vector<std::unique_ptr<Dbc>> all;
    for (std::int64_t i = 0; i < state.range(0); ++i)
        all.push_back(std::make_unique<Dbc>(depth, 1, static_cast<unsigned>(i % aic100::dbc_count)));
    Ops ops(depth);
    constexpr std::uint16_t burst = 32;
    std::array<fast::Finished, depth> done{};
    std::size_t at = 0;
    measure(
        state, burst, [&] { return fast::submit_burst(all[at]->qp(), 0, ops.work.data(), burst); },
        [&] { all[at]->card.poll(); }, [&] { all[at]->card.rehearse(); },
        [&] {
            const auto n = fast::poll_burst(all[at]->qp(), done.data(), burst);
            if (++at == all.size()) at = 0;
            return n;
        });
}
BENCHMARK(bm_native_active)->ArgName("channels")->Arg(1)->Arg(4)->Arg(16)->Arg(64)->Arg(256);

void bm_empty_poll(benchmark::State& state)
{
    Dbc dbc(depth);
    Ops ops(depth);
    rte_ml_op* done[32];
    if (state.range(0) != 0)
        (void)fast::enqueue_burst(dbc.qp(), ops.pointers.data(), 1); // one out, none back
    for (auto _ : state) benchmark::DoNotOptimize(fast::dequeue_burst(dbc.qp(), done, 32));
}
BENCHMARK(bm_empty_poll)->ArgName("outstanding")->Arg(0)->Arg(1);

} // namespace

int main(int argc, char** argv)
{
    // NOLINTNEXTLINE: EAL wants writable strings
    std::array<char*, 9> eal{argv[0],
                             strdup("--no-huge"),
                             strdup("-m"),
                             strdup("256"),
                             strdup("--no-pci"),
                             strdup("--lcores=0"),
                             strdup("--no-shconf"),
                             strdup("--log-level=error"),
                             strdup("--vdev=crypto_null0")};
    if (rte_eal_init(static_cast<int>(eal.size()), eal.data()) < 0) return 1;
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::RunSpecifiedBenchmarks();
    return rte_eal_cleanup() == 0 ? 0 : 1;
}
