// SPDX-License-Identifier: BSD-3-Clause
// EAL started, cards open, models loaded, buffers filled: what every sub-command that makes load stands on.
// Destroyed in the opposite order.
#pragma once
#include "commands.hpp"
#include "eal_setup.hpp"
#include "report.hpp"
#include "site.hpp"

namespace qaic::perf {

class Session {
  public:
    /// Reads the files first, so that a wrong path fails before anything is touched.
    static Result<std::unique_ptr<Session>> start(const RunOptions& options);

    [[nodiscard]] Site& site() { return site_; }
    [[nodiscard]] const RunTensors& tensors() const { return tensors_; }
    [[nodiscard]] const std::vector<std::uint64_t>& schedule() const { return files_.due; }
    /// By model; empty until the verify phase with --checksum.
    [[nodiscard]] std::vector<ReferenceSums>& references() { return references_; }
    [[nodiscard]] double tsc_hz() const { return static_cast<double>(facts_->environment.tsc_hz); }
    /// A report with everything that is known before a measurement.
    [[nodiscard]] std::unique_ptr<Report> report() const { return std::make_unique<Report>(*facts_); }
    /// Unloads and closes; errors that it meets.
    Result<void> close() { return site_.close(); }

  private:
    Session(eal::Eal eal, Site site, RunFiles files, std::unique_ptr<Report> facts)
        : eal_(std::move(eal)), site_(std::move(site)), files_(std::move(files)), facts_(std::move(facts))
    {}
    eal::Eal eal_;
    Site site_;
    RunFiles files_;
    RunTensors tensors_;
    std::vector<ReferenceSums> references_;
    std::unique_ptr<Report> facts_;
};

/// "qaic-perf: ..." on stderr; the exit status 1.
int failed(const Error& error);

/// A command on `options`, which has RunOptions `run`: `settle` says what makes no sense in them, `act` gives
/// the exit status.
template<class Options, class Settle, class Act>
Command command_of(CLI::App* app, std::shared_ptr<Options> options, Settle settle, Act act)
{
    return {app, [=](const std::vector<std::string>& eal) {
                options->run.eal = eal;
                if (auto settled = settle(*options); !settled) return refused(settled.error().text);
                const auto status = act(*options);
                return status ? *status : failed(status.error());
            }};
}

} // namespace qaic::perf
