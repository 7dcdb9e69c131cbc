// SPDX-License-Identifier: BSD-3-Clause
#include "options.hpp"

#include "load/percentiles.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>

namespace qaic::perf {

namespace {

void add_load_options(CLI::App& command, RunOptions& o)
{
    auto* rate = command
                     .add_option("--rate", o.rate,
                                 "open loop: so many inferences a second fall due, whatever comes back")
                     ->check(CLI::Range(0.001, 1e9))
                     ->type_name("R");
    auto* arrivals = command
                         .add_option("--arrivals", o.arrivals,
                                     "how they fall due: poisson, fixed, or trains of --train at once")
                         ->check(CLI::IsMember({"poisson", "fixed", "trains"}))
                         ->capture_default_str();
    command.add_option("--train", o.train, "inferences that fall due together with --arrivals trains")
        ->check(CLI::Range(1U, 1U << 20))
        ->capture_default_str()
        ->type_name("N");
    command
        .add_option("--schedule", o.schedule,
                    "open loop: due times from FILE, one a line, in ns from the start (on one lcore)")
        ->excludes(rate)
        ->excludes(arrivals)
        ->type_name("FILE");
    command.add_option("--seed", o.seed, "of everything that is drawn")
        ->capture_default_str()
        ->type_name("N");
    command.add_option("--late", o.late_us, "us after its due time from which an inference went late")
        ->check(CLI::Range(0.0, 1e6))
        ->capture_default_str()
        ->type_name("US");
    command.add_option("--drain", o.drain, "seconds after the end in which what fell due may still go")
        ->check(CLI::Range(0.0, 3600.0))
        ->capture_default_str()
        ->type_name("S");
    command.add_option("--lcores", o.lcores, "cores that make load, each with queue pairs of its own")
        ->check(CLI::Range(1U, 64U))
        ->capture_default_str()
        ->type_name("N");
}

/// FILE or FILE@WEIGHT; a file whose name ends so is given with a weight.
Result<ModelChoice> model_choice(const std::string& word)
{
    const auto at = word.rfind('@');
    if (at == std::string::npos) return ModelChoice{word, 1};
    ModelChoice choice{word.substr(0, at), 0};
    const auto text = word.substr(at + 1);
    char* end = nullptr;
    choice.weight = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != 0 || !(choice.weight > 0 && choice.weight <= 1e6))
        return fail(Code::E_INVAL, "--model {}: a weight is more than 0 and at most 1e6 got=\"{}\"", word,
                    text);
    return choice;
}

Result<void> settle_until(const RunOptions& o)
{
    if (o.until.empty() && o.confidence > 0)
        return fail(Code::E_INVAL, "--confidence needs --until: there is no interval");
    if (!o.until.empty() && !load::percentile_named(o.until))
        return fail(Code::E_INVAL,
                    "--until takes a percentile like p99 or p99.9, above p0 and below p100 got=\"{}\"",
                    o.until);
    QAIC_CHECK(load::StopRule::make(stop_settings(o)));
    return {};
}

} // namespace

void add_run_options(CLI::App& command, RunOptions& o)
{
    command
        .add_option("--model", o.model_words,
                    "program container (.qpc) to load; again for several, each FILE or FILE@WEIGHT")
        ->required()
        ->allow_extra_args(false)
        ->type_name("FILE");
    command.add_option("--input", o.input, "raw input tensors, one after the other (default: one of zeros)")
        ->type_name("FILE");
    command.add_option("--expect", o.expect, "raw output tensors to compare with, as many as in --input")
        ->type_name("FILE");
    command.add_option("--labels", o.labels, "right class of each input, one byte each: prints the accuracy")
        ->type_name("FILE");
    command
        .add_option("--output", o.output,
                    "write the outputs of all of --input to FILE (needs --expect or --labels)")
        ->type_name("FILE");
    command
        .add_option("--tolerance", o.tolerance,
                    "largest absolute difference (default: 1e-3, with --device-io 0)")
        ->check(CLI::Range(0.0, 1e30))
        ->type_name("T");
    command
        .add_option("--check", o.check,
                    "while measuring, compare one output in N with --expect and --labels: 1 all, 0 none "
                    "(default: 1009)")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 32))
        ->type_name("N");
    command
        .add_option("--checksum", o.checksum,
                    "while measuring, see that one output in N has the bytes that its input gave first: 1 "
                    "all, 0 none; needs no --expect")
        ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 32))
        ->capture_default_str()
        ->type_name("N");
    auto* as_float = command.add_flag("--float-io", o.float_io, "files hold float32 (default)");
    command.add_flag("--device-io", o.device_io, "files hold the model's own types")->excludes(as_float);
    add_load_options(command, o);
    command
        .add_option("--queue-depth", o.queue_depth,
                    "ops in flight at most, for each model on each card and lcore")
        ->check(CLI::Range(1U, 65535U))
        ->capture_default_str()
        ->type_name("N");
    command
        .add_option("--burst", o.burst,
                    "ops per call at most (default: 8, or the queue depth if that is less)")
        ->check(CLI::Range(1U, 65535U))
        ->type_name("N");
    command.add_flag("--whole-bursts", o.whole_bursts, "never fewer ops per call than --burst");
    auto* time = command.add_option("--time", o.time, "measure for S seconds (default: 2)")
                     ->check(CLI::Range(0.001, 86400.0))
                     ->type_name("S");
    command.add_option("--count", o.count, "measure N inferences")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 48))
        ->excludes(time)
        ->type_name("N");
    command.add_option("--warmup", o.warmup, "seconds before measuring")
        ->check(CLI::Range(0.0, 3600.0))
        ->capture_default_str()
        ->type_name("S");
    command.add_option("--wait-limit", o.wait_limit, "give up after S seconds in which no op moved")
        ->check(CLI::Range(0.01, 3600.0))
        ->capture_default_str()
        ->type_name("S");
    command.add_option("--json", o.json, "write everything measured to FILE as well")->type_name("FILE");
    command.add_option("--csv", o.csv, "and its figures as comma-separated values")->type_name("FILE");
    command.add_option("--hgrm", o.hgrm, "and the latencies as HdrHistogram's percentile text")
        ->type_name("FILE");
    command.add_option("--plot", o.plot, "and a picture of them (by gnuplot)")->type_name("FILE.svg");
    command
        .add_option(
            "--dev", o.devices,
            "PCI address, or virtual device with its arguments (default: ml_qaic_emu0); again for several")
        ->allow_extra_args(false)
        ->type_name("NAME");
    command
        .add_option(
            "--card-control", o.card_control,
            "control socket of the qaic-card that serves --dev: its cards tell what they were busy with")
        ->type_name("SOCKET");
    command
        .add_option("--driver", o.driver,
                    "driver plugin (default: the build tree's, then DPDK's plugin folder)")
        ->type_name("FILE");
    command.footer("EAL options follow after a double dash: qaic-perf run --model x.qpc -- -l 1 -m 256");
}

void add_stop_options(CLI::App& command, RunOptions& o)
{
    command
        .add_option("--until", o.until,
                    "measure until this percentile of the latency is known as well as --error asks; --time "
                    "(default then: 60) or --count is the limit")
        ->type_name("p99");
    command.add_option("--error", o.error, "half width of its confidence interval, relative: 0.02 is 2 %")
        ->check(CLI::PositiveNumber)
        ->type_name("E");
    command.add_option("--confidence", o.confidence, "of that interval (default: 0.95)")
        ->check(CLI::PositiveNumber)
        ->type_name("C");
}

load::StopSettings stop_settings(const RunOptions& o)
{
    return {o.time, o.count, load::percentile_named(o.until).value_or(0), o.error,
            o.confidence > 0 ? o.confidence : RunOptions::default_confidence};
}

Result<void> settle(RunOptions& o)
{
    for (const double v :
         {o.tolerance, o.time, o.warmup, o.wait_limit, o.rate, o.late_us, o.drain, o.error, o.confidence})
        // CLI::Range lets "nan" through
        if (std::isnan(v)) return fail(Code::E_INVAL, "\"nan\" is not a number for any option");
    o.models.clear();
    for (const auto& word : o.model_words) {
        QAIC_TRY(auto choice, model_choice(word));
        o.models.push_back(std::move(choice));
    }
    o.model = o.models.front().path;
    if (o.models.size() > 1 && !(o.input.empty() && o.expect.empty() && o.labels.empty()))
        return fail(Code::E_INVAL, "--input, --expect and --labels are of one model got={} models",
                    o.models.size());
    if (!o.schedule.empty() && o.lcores > 1)
        return fail(Code::E_INVAL, "--schedule is played by one lcore got=--lcores {}", o.lcores);
    if (o.open_loop() && o.whole_bursts)
        return fail(Code::E_INVAL, "--whole-bursts is of a closed loop: what is due does not wait");
    if (o.input.empty() && !o.expect.empty())
        return fail(Code::E_INVAL, "--expect needs --input: which tensors should give these outputs?");
    if (o.input.empty() && !o.labels.empty())
        return fail(Code::E_INVAL, "--labels needs --input: which tensors do they belong to?");
    if (o.expect.empty() && o.tolerance >= 0)
        return fail(Code::E_INVAL, "--tolerance needs --expect: there is nothing to compare");
    if (o.check > 0 && o.expect.empty() && o.labels.empty())
        return fail(Code::E_INVAL,
                    "--check {} needs --expect or --labels: there is nothing to compare with; --checksum {} "
                    "needs neither",
                    o.check, o.check);
    if (!o.output.empty() && o.expect.empty() && o.labels.empty())
        return fail(Code::E_INVAL, "--output needs --expect or --labels: it holds what was verified");
    if (o.burst > o.queue_depth)
        return fail(Code::E_INVAL, "--burst {} is more than --queue-depth {}", o.burst, o.queue_depth);
    if (o.burst == 0) o.burst = std::min(8U, o.queue_depth);
    if (std::any_of(o.devices.begin(), o.devices.end(), [](const auto& d) { return d.empty(); }))
        return fail(Code::E_INVAL, "--dev is empty: give a PCI address or a virtual device");
    if (o.time == 0 && o.count == 0)
        o.time = o.until.empty() ? RunOptions::default_time : RunOptions::default_until_time;
    return settle_until(o);
}

} // namespace qaic::perf
