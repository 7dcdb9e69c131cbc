// SPDX-License-Identifier: BSD-3-Clause
#include "run_command.hpp"
#include "files.hpp"
#include "pipeline/metrics/openmetrics.hpp"
#include "pipeline/metrics/server.hpp"
#include "pipeline/metrics/telemetry.hpp"
#include "run_loop.hpp"
#include "run_outputs.hpp"
#include "start_eal.hpp"
#include <filesystem>
#include <mutex>
#include <set>

namespace qaic_pipe {

namespace {

/// The engine, for the metrics' thread, which starts before there is one.
class Window {
  public:
    void open(const pipeline::Engine* engine)
    {
        const std::lock_guard guard(lock_);
        engine_ = engine;
    }
    [[nodiscard]] std::string openmetrics()
    {
        const std::lock_guard guard(lock_);
        if (engine_ == nullptr) return pipeline::metrics::openmetrics({});
        const auto snapshot = engine_->snapshot();
        return pipeline::metrics::openmetrics({&snapshot, 1});
    }

  private:
    std::mutex lock_;
    const pipeline::Engine* engine_ = nullptr;
};

/// Shows an engine to whoever looks from outside, until it dies.
class Shown {
  public:
    Shown(Window& window, const pipeline::Engine& engine) : window_(window), name_(engine.spec().name)
    {
        window_.open(&engine);
        (void)pipeline::metrics::show_in_telemetry(name_, [&engine] { return engine.snapshot(); });
    }
    Shown(const Shown&) = delete;
    Shown& operator=(const Shown&) = delete;
    ~Shown()
    {
        pipeline::metrics::hide_in_telemetry(name_);
        window_.open(nullptr);
    }

  private:
    Window& window_;
    std::string name_;
};

using Server = std::unique_ptr<pipeline::metrics::MetricsServer>;

Result<Server> serve(Window& window, const RunOptions& o)
{
    if (o.metrics_port < 0) return Server();
    QAIC_TRY(auto server,
             pipeline::metrics::MetricsServer::start(static_cast<std::uint16_t>(o.metrics_port),
                                                     [&window] { return window.openmetrics(); }));
    fmt::print(stderr, "qaic-pipe: metrics at {}\n", server->url());
    return server;
}

/// An emulated card computes on a thread of its own.
bool too_few_cpus(const place::Host& host, const place::Placement& placement,
                  const std::vector<std::string>& devices)
{
    std::set<unsigned> lcores;
    for (const auto& c : placement.choices) lcores.insert(c.lcore);
    auto busy = lcores.size();
    for (const auto& d : devices) busy += d.rfind("ml_qaic_emu", 0) == 0 ? 1 : 0;
    return busy > host.cpus.size();
}

std::string folder_of(const std::string& file)
{
    const auto folder = std::filesystem::path(file).parent_path();
    return folder.empty() ? "." : folder.string();
}

/// What another host's description says is good for nothing where its CPUs are not.
Result<void> all_here(const RunOptions& o, const pipeline::PipelineSpec& spec,
                      const place::Placement& placement)
{
    if (o.host.empty()) return {};
    QAIC_TRY(const auto here, read_host("", spec));
    for (const auto& c : placement.choices)
        if (here.cpu(c.cpu) == nullptr)
            return fail(
                Code::E_INVAL,
                "stage {}: CPU {} of {} is not on this machine, or not ours to use; `plan` takes any host",
                c.stage, c.cpu, o.host);
    return {};
}

Result<void> run(const RunOptions& o)
{
    QAIC_TRY(const auto spec, read_pipeline(o.pipeline));
    QAIC_TRY(const auto host, read_host(o.host, spec));
    QAIC_TRY(const auto placement, place_on(host, spec));
    QAIC_CHECK(all_here(o, spec, placement));
    const StopSignals signals;
    Window window;
    // Before EAL, which ties this thread, and so what it starts, to CPUs of its own.
    QAIC_TRY(const auto server, serve(window, o));
    const auto devices = devices_of(o, spec);
    QAIC_TRY(const auto eal, start_eal(o, devices, placement));
    QAIC_TRY(const auto engine, pipeline::Engine::make(spec, placement,
                                                       {folder_of(o.pipeline.file), o.items,
                                                        too_few_cpus(host, placement, devices)}));
    const Shown shown(window, *engine);
    QAIC_CHECK(engine->start());
    const auto how = run_loop(*engine, o, signals);
    auto finished = engine->stop();
    const auto end = engine->snapshot();
    QAIC_CHECK(write_outputs(o, spec, end));
    QAIC_CHECK(judge_end(how, o, end));
    return finished;
}

} // namespace

int run_command(const RunOptions& options)
{
    const auto done = run(options);
    return done ? exit_ok : refused(done.error());
}

} // namespace qaic_pipe
