// SPDX-License-Identifier: BSD-3-Clause
// The stage `infer` against qaic-perf's closed loop: the same inferences of 64 bytes on the same emulated
// card, 32 in flight. Lcore 1 on the first CPU, the card on the second. Windows of both alternate, so that a
// slow moment of the machine is in both; counters are medians over them. burst: of the loop's calls (8 is
// qaic-perf's default), and the pipeline's batch.
//
// cycles_perf, cycles_infer: TSC ticks an inference, wall clock; the pipeline's have its source and sink in
// them. ratio: of neighbouring windows. Aim: 1.2.
#include "load/closed_loop.hpp"
#include "ml_queue.hpp"
#include "pipe_rig.hpp"
#include "pipeline/infer/infer.hpp"
#include "pipeline/stages/shipped.hpp"
#include "qpc/file.hpp"
#include "support/eal.hpp"
#include <benchmark/benchmark.h>
#include <rte_malloc.h>
#include <rte_memory.h>

namespace {
using namespace rig;
using qaic::load::ClosedLoop;
using qaic::load::Lane;
using qaic::load::LaneStats;
using qaic::load::LoopPlan;
using qaic::load::LoopStats;
using qaic::perf::MlQueue;

constexpr std::size_t in_flight = 32;
constexpr std::uint32_t tensor_bytes_ = 64; ///< of echo_64, in and out
constexpr double window_s = 0.25;

struct NoObserver {
    void submitting(load::SlotOf<rte_ml_op>&) {}
    void completed(load::SlotOf<rte_ml_op>&) {}
};

/// Device 0 with one queue pair and the model, as qaic-perf sets it up.
class PerfSide {
  public:
    explicit PerfSide(std::uint16_t burst) : burst_(burst)
    {
        const auto file = need(qpc::read_file(ECHO_QPC));
        const rte_ml_dev_config config{rte_ml_dev_socket_id(0), 1, 1};
        const rte_ml_dev_qp_conf pair{in_flight, nullptr};
        rte_ml_model_params params{const_cast<std::byte*>(file.span().data()), file.span().size()};
        need(rte_ml_dev_configure(0, &config) == 0, "configure");
        need(rte_ml_dev_queue_pair_setup(0, 0, &pair, rte_ml_dev_socket_id(0)) == 0, "queue pair");
        need(rte_ml_dev_start(0) == 0, "start");
        need(rte_ml_model_load(0, &params, &model_) == 0 && rte_ml_model_start(0, model_) == 0, "model");
        memory_ = static_cast<char*>(rte_malloc("bench", 2 * in_flight * tensor_bytes_, 64));
        need(memory_ != nullptr, "memory");
        for (std::size_t i = 0; i < in_flight; ++i) make(i);
    }
    PerfSide(const PerfSide&) = delete;
    PerfSide& operator=(const PerfSide&) = delete;
    ~PerfSide()
    {
        rte_ml_model_stop(0, model_), rte_ml_model_unload(0, model_), rte_ml_dev_stop(0);
        rte_free(memory_);
    }
    /// Ticks an inference.
    double run()
    {
        need(rte_eal_remote_launch(loop, this, 1) == 0, "lcore 1 is busy");
        // not rte_eal_wait_lcore() at once: it polls, on a CPU that is needed
        while (rte_eal_get_lcore_state(1) == RUNNING)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        rte_eal_wait_lcore(1);
        return static_cast<double>(ended_ - began_) / static_cast<double>(stats_->ledger.succeeded);
    }

  private:
    void make(std::size_t i)
    {
        const auto piece = [&](std::size_t at) {
            char* const p = memory_ + at * tensor_bytes_;
            return rte_ml_buff_seg{rte_mem_virt2iova(p), p, tensor_bytes_, 0, nullptr};
        };
        segments_[2 * i] = piece(2 * i), segments_[2 * i + 1] = piece(2 * i + 1);
        lists_[2 * i] = &segments_[2 * i], lists_[2 * i + 1] = &segments_[2 * i + 1];
        auto& op = ops_[i];
        op.model_id = model_, op.nb_batches = 1, op.user_u64 = i;
        op.input = &lists_[2 * i], op.output = &lists_[2 * i + 1];
        slots_.push_back({&op});
    }
    static int loop(void* self)
    {
        auto& me = *static_cast<PerfSide*>(self);
        const auto hz = rte_get_tsc_hz();
        LoopStats loop_stats;
        const auto go_on = [](std::uint64_t) { return true; };
        Lane lane(me.queue_, me.slots_, me.observer_, *me.stats_, me.burst_);
        me.began_ = rte_rdtsc();
        ClosedLoop(me.queue_, std::span(&lane, 1),
                   LoopPlan{.ticks = static_cast<std::uint64_t>(window_s * static_cast<double>(hz)),
                            .stall_ticks = hz},
                   loop_stats, go_on)
            .run();
        me.ended_ = rte_rdtsc();
        return 0;
    }

    MlQueue queue_;
    NoObserver observer_;
    std::unique_ptr<LaneStats> stats_ = std::make_unique<LaneStats>();
    std::uint16_t burst_, model_ = 0;
    char* memory_ = nullptr;
    std::array<rte_ml_op, in_flight> ops_{};
    std::array<rte_ml_buff_seg, 2 * in_flight> segments_{};
    std::array<rte_ml_buff_seg*, 2 * in_flight> lists_{};
    std::vector<load::SlotOf<rte_ml_op>> slots_;
    std::uint64_t began_ = 0, ended_ = 0;
};

/// Generator, infer and null, all on lcore 1.
double in_pipeline(std::uint16_t burst)
{
    const auto text = fmt::format(
        "name = \"bench\"\n"
        "[[stage]]\nname = \"in\"\nkind = \"generator\"\nbatch = {2}\noptions = {{ bytes = {0} }}\n"
        "[[stage]]\nname = \"net\"\nkind = \"infer\"\nbatch = {2}\n"
        "options = {{ model = \"{1}\", depth = {3} }}\n"
        "[[stage]]\nname = \"out\"\nkind = \"null\"\n"
        "[[link]]\nfrom = \"in\"\nto = \"net\"\n[[link]]\nfrom = \"net\"\nto = \"out\"\n",
        tensor_bytes_, ECHO_QPC, burst, in_flight);
    const auto spec = need(parse_pipeline(text, "bench.toml", known_kinds()));
    place::Placement placement;
    for (const auto* name : {"in", "net", "out"}) placement.choices.push_back({name, 0, 0, 1U, false, ""});
    const auto engine = need(Engine::make(spec, placement, {".", 0, false}));
    need(engine->start());
    std::this_thread::sleep_for(std::chrono::milliseconds(10)); // caches and branches
    const auto out = [&] { return engine->snapshot().ledger.out; };
    const auto before = out();
    const auto began = rte_rdtsc();
    std::this_thread::sleep_for(std::chrono::duration<double>(window_s));
    const auto items = out() - before;
    const auto ticks = rte_rdtsc() - began;
    need(engine->stop());
    return static_cast<double>(ticks) / static_cast<double>(items);
}

void infer(benchmark::State& state)
{
    const auto burst = static_cast<std::uint16_t>(state.range(0));
    std::vector<double> perf, pipe, ratio;
    for (auto _ : state) {
        perf.push_back(PerfSide(burst).run());
        pipe.push_back(in_pipeline(burst));
        ratio.push_back(pipe.back() / perf.back());
    }
    state.counters["cycles_perf"] = median(perf), state.counters["cycles_infer"] = median(pipe);
    state.counters["ratio"] = median(ratio);
}
BENCHMARK(infer)->ArgName("burst")->Arg(8)->Arg(32)->Iterations(15)->UseRealTime();

} // namespace

int main(int argc, char** argv)
{
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    setenv("QAIC_FIRMWARE_PATH", QAIC_FIRMWARE_BUILD_DIR, 0);
    if (!test::start_eal("bench_pipe_infer",
                         {"-m", "256", "--no-shconf", "--no-telemetry", "--lcores=0@(0-1),1@0",
                          "--vdev=ml_qaic_emu0,cpu=1", "--log-level=*:error"}))
        return 1;
    for (const auto* stage : shipped_stages()) need(qaic_pipe_register(stage) == 0, "a stage is refused");
    need(qaic_pipe_register(&stage_infer) == 0, "infer is refused");
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return test::end_eal(0);
}
