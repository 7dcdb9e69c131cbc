// SPDX-License-Identifier: BSD-3-Clause
// The boot story: attach, SBL by BHI, images by Sahara, mission mode. One object a boot; on an error the
// caller takes the card off the bus. aic100-device.md 1.7, 2.14, 3
#pragma once
#include "qaic/boot/firmware_set.hpp"
#include "qaic/boot/sahara.hpp"
#include "qaic/controller.hpp"
#include "qaic/services/bootlog.hpp"
#include "qaic/services/timesync.hpp"
#include "qaic/trace.hpp"

namespace qaic::boot {

/// Times of the stages, for the report and for who traces.
class StageClock {
  public:
    StageClock(const Clock& clock, std::string_view device)
        : clock_(clock), device_(device), began_(clock.now()), last_(began_)
    {}
    void done(std::string name)
    {
        const auto now = clock_.now();
        trace(TracePoint::BOOT_STAGE, device_, static_cast<std::uint64_t>((now - last_) / 1us), 0, name);
        stages_.push_back({std::move(name), now - last_});
        last_ = now;
    }
    [[nodiscard]] Nanos elapsed() const { return clock_.now() - began_; }
    [[nodiscard]] BootReport report(std::string found) const
    {
        return {stages_, elapsed(), std::move(found)};
    }

  private:
    const Clock& clock_;
    const std::string device_;
    Nanos began_, last_;
    std::vector<BootStage> stages_;
};

class Sequence {
  public:
    /// Served while the SBL runs; all outlive the sequence.
    struct Parts {
        Bus& bus;
        mhi::Host& host;
        const ControllerConfig& config;
        services::BootLog& log;
        services::TimeSync& time;
        ServiceCounters& counters;
    };
    explicit Sequence(Parts parts)
        : p_(parts), firmware_(parts.config.firmware_path), stages_(parts.bus.clock(), parts.bus.name())
    {}

    /// Ends in AMSS, confirmed by event and register; no AMSS channel is started yet.
    [[nodiscard]] Result<void> run();
    [[nodiscard]] StageClock& stages() noexcept { return stages_; }
    [[nodiscard]] const std::string& found() const noexcept { return found_; }

  private:
    enum class Start : std::uint8_t { PBL, WARM };
    /// What the packets of the Sahara channel lead to; shared with the channel's receiver, which may outlive
    /// a boot that failed.
    struct Session {
        Sahara sahara;
        Nanos last_packet{};
        std::optional<Error> error;
    };
    Result<Start> attach();
    Result<void> reset_soc();
    Result<void> load_sbl();
    Result<void> download(const FirmwareSet::Image& image);
    Result<std::shared_ptr<Session>> start_sahara();
    Result<void> serve_images();
    Result<void> check(Session& session);
    [[nodiscard]] Result<void> deadline() const;
    [[nodiscard]] Nanos left() const;
    [[nodiscard]] static Error explain(const Session& session, Error error);

    Parts p_;
    FirmwareSet firmware_;
    StageClock stages_;
    std::string found_;
    bool soc_was_reset_ = false;
};

} // namespace qaic::boot
