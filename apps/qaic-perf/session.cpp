// SPDX-License-Identifier: BSD-3-Clause
#include "session.hpp"

#include "base/clock.hpp"
#include "driver_path.hpp"
#include "environment.hpp"
#include "host.hpp"

#include <cstdio>
#include <unistd.h>

namespace qaic::perf {

namespace {

Result<eal::Eal> start_eal(Report& r)
{
    const auto& o = r.options;
    const auto cpus = eal::allowed_cpus(o.lcores);
    if (cpus.size() < o.lcores && !eal::has_option(o.eal, {"-l", "-c", "--lcores"}))
        return fail(Code::E_LIMIT, "--lcores {}: this process may run on {} CPUs", o.lcores, cpus.size());
    QAIC_TRY(const auto driver, eal::find_driver(o.driver, eal::program_folder()));
    const auto arguments = eal::eal_arguments(
        {"qaic-perf", o.devices, driver, cpus, ::getpid(), eal::free_hugepage_bytes(), o.eal});
    for (const auto& note : arguments.notes) fmt::print(stderr, "qaic-perf: note: {}\n", note);
    const auto start = SteadyClock().now();
    auto started = eal::Eal::start(arguments);
    r.eal_ms = milliseconds_since(start);
    if (!started && driver.empty())
        return fail(started.error().code,
                    "{}; no driver plugin was found beside this program: build it, or give --driver FILE",
                    started.error().text);
    return started;
}

void describe(Report& r, Site& site, const RunFiles& files)
{
    const auto& card = site.cards().front();
    const auto& model = card.models.front();
    r.device = card.device.facts();
    r.boot = card.device.xstats("boot_");
    r.model = model.facts();
    r.model_bytes = files.models.front().size();
    r.load_ms = model.load_ms();
    r.start_ms = model.start_ms();
}

} // namespace

Result<std::unique_ptr<Session>> Session::start(const RunOptions& options)
{
    QAIC_TRY(auto files, read_run_files(options));
    auto facts = std::make_unique<Report>();
    facts->options = options;
    QAIC_TRY(auto eal, start_eal(*facts));
    facts->environment = describe_environment();
    const auto start = SteadyClock().now();
    QAIC_TRY(auto site, Site::open(options, files));
    facts->open_ms = milliseconds_since(start);
    describe(*facts, site, files);
    std::unique_ptr<Session> s(
        new Session(std::move(eal), std::move(site), std::move(files), std::move(facts)));
    QAIC_TRY(s->tensors_, to_tensors(options, s->facts_->model, s->files_));
    s->facts_->tensors = s->tensors_.input.count;
    QAIC_CHECK(s->site_.take_seats(options, s->tensors_.input));
    return s;
}

int failed(const Error& error)
{
    fmt::print(stderr, "qaic-perf: {}\n", error.message());
    return 1;
}

} // namespace qaic::perf
