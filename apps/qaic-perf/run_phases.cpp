// SPDX-License-Identifier: BSD-3-Clause
#include "run_phases.hpp"

#include "ml_queue.hpp"
#include "run_observer.hpp"

namespace qaic::perf {

namespace {

/// In the measured phase one output in so many is checked: a prime, so that over time all tensors get their
/// turn.
constexpr std::uint64_t sample_period = 1009;

/// The pieces all phases share. Buffers are declared first, so that they outlive the ops that point at them.
struct Bench {
    BufferSets inputs, outputs;
    OpSet ops;
    MlQueue queue;
    LoopPlan plan;
};

Result<BufferSets> input_buffers(const MlDevice& device, const MlModel& model, const RunTensors& tensors,
                                 FileFormat format)
{
    const auto& d = device.facts();
    QAIC_TRY(auto sets,
             BufferSets::make(model.input_layout(d.align), tensors.input.count, d.align, d.numa,
                              fmt::format("{} inputs of {}", tensors.input.count, tensors.input.path)));
    for (std::uint64_t i = 0; i < tensors.input.count; ++i)
        QAIC_CHECK(model.write_input(format, tensors.input.tensor(i), sets, i));
    return sets;
}

Result<Bench> make_bench(const MlDevice& device, const MlModel& model, const RunTensors& tensors,
                         const Report& r)
{
    const auto& d = device.facts();
    const auto& o = r.options;
    QAIC_TRY(auto inputs, input_buffers(device, model, tensors, o.format()));
    QAIC_TRY(auto outputs, BufferSets::make(model.output_layout(d.align), o.queue_depth, d.align, d.numa,
                                            fmt::format("outputs of --queue-depth {}", o.queue_depth)));
    QAIC_TRY(auto ops, OpSet::make(o.queue_depth, model.facts(), outputs, d.numa));
    LoopPlan plan;
    plan.burst = static_cast<std::uint16_t>(o.burst);
    plan.whole_bursts = o.whole_bursts;
    plan.tensors = static_cast<std::uint32_t>(tensors.input.count);
    plan.stall_ticks = static_cast<std::uint64_t>(o.wait_limit * static_cast<double>(r.environment.tsc_hz));
    return Bench{std::move(inputs), std::move(outputs), std::move(ops), {d.id, 0}, plan};
}

LoopStats run_phase(Bench& bench, const LoopPlan& plan, RunObserver& observer, double tsc_hz, Phase& phase)
{
    LoopStats stats;
    run_closed_loop(bench.queue, bench.ops.slots(), plan, observer, stats);
    phase.ledger = stats.ledger;
    phase.seconds = static_cast<double>(stats.last_tick - stats.first_tick) / tsc_hz;
    phase.stalled = stats.stalled;
    phase.waited = static_cast<double>(stats.waited_ticks) / tsc_hz;
    phase.first_failure = observer.first_failure();
    return stats;
}

} // namespace

Result<void> run_phases(const MlDevice& device, const MlModel& model, const RunTensors& tensors, Report& r)
{
    const auto& o = r.options;
    const auto hz = static_cast<double>(r.environment.tsc_hz);
    if (tensors.input.count > UINT32_MAX)
        return fail(Code::E_LIMIT, "{}: {} tensors, limit {}", o.input, tensors.input.count, UINT32_MAX);
    QAIC_TRY(auto bench, make_bench(device, model, tensors, r));
    const auto runs = element_runs(model.facts().outputs, o.format());
    const auto verifier = [&] {
        return Verifier(runs, tensors.expect.data, tensors.labels.data, o.effective_tolerance());
    };
    const auto observer = [&](Verifier& v, std::uint64_t period) {
        return RunObserver(model, o.format(), bench.inputs, bench.outputs, v, device.facts().id, period);
    };

    if (r.verifies()) {
        auto all = verifier();
        if (!o.output.empty()) {
            r.outputs.resize(tensors.input.count * file_bytes(model.facts().outputs, o.format()));
            all.keep_in(r.outputs);
        }
        auto watch = observer(all, 1);
        auto plan = bench.plan;
        plan.count = tensors.input.count;
        run_phase(bench, plan, watch, hz, r.verify);
        r.verification = all.result();
        if (r.verify.stalled) return {};
    }
    auto unchecked = verifier();
    auto sample = verifier();
    if (o.warmup > 0) {
        auto watch = observer(unchecked, 0);
        auto plan = bench.plan;
        plan.ticks = static_cast<std::uint64_t>(o.warmup * hz);
        run_phase(bench, plan, watch, hz, r.warmup);
        if (r.warmup.stalled) return {};
    }
    auto watch = observer(sample, sample_period);
    auto plan = bench.plan;
    if (o.count != 0) plan.count = o.count;
    if (o.time > 0) plan.ticks = static_cast<std::uint64_t>(o.time * hz);
    const auto stats = run_phase(bench, plan, watch, hz, r.measure);
    r.costs = stats.costs;
    r.latency = stats.latency;
    r.enqueue_per_op = stats.enqueue_per_op;
    r.dequeue_per_op = stats.dequeue_per_op;
    r.sampled = sample.result();
    r.sample_period = sample.needed() ? sample_period : 0;
    return {};
}

} // namespace qaic::perf
