// SPDX-License-Identifier: BSD-3-Clause
// SBL's Sahara client: asks the host for every image of the table, checks each, and says when mission mode
// may start. After a crash it may first offer a memory dump. aic100-device.md 3.3, 3.4, 8.4
#pragma once
#include "aic100/wire/sahara.hpp"
#include "card/boot_log.hpp"
#include "card/faults.hpp"
#include "card/firmware_image.hpp"

namespace card {

class Sahara final : public Service {
  public:
    Sahara(PacketPort& port, BootLog& log, BootFaults& faults) : port_(port), log_(log), faults_(faults) {}

    void started(std::uint8_t channel) override;
    void stopped(std::uint8_t) override;
    void packet(Bytes bytes) override;
    bool poll() override;
    void reset() override;

    /// Every image is loaded and the host has been told.
    [[nodiscard]] bool finished() const;
    /// An image was refused: SBL stays where it is until the next reset.
    [[nodiscard]] bool failed() const noexcept { return state_ == State::FAILED; }

  private:
    enum class State : std::uint8_t { IDLE, HELLO, READING, DONE, FINISHED, FAILED, DUMP };
    void hello(aic100::SaharaMode mode);
    void take_hello_response(ConstSpan bytes);
    void take_image_data(ConstSpan bytes);
    void take_done(ConstSpan bytes);
    void take_dump_request(ConstSpan bytes);
    void ask();
    void refuse_image();
    void stop_boot(std::uint32_t status, std::string_view why);
    void next_image(bool hello_again);
    void send(ConstSpan bytes)
    {
        (void)port_.send(aic100::channel::SAHARA + 1, {bytes.begin(), bytes.end()});
    }

    PacketPort& port_;
    BootLog& log_;
    BootFaults& faults_;
    State state_ = State::IDLE;
    std::size_t index_ = 0; ///< row of aic100::image_table
    std::optional<ImageReader> reader_;
    aic100::SaharaMode mode_ = aic100::SaharaMode::IMAGE_TX_PENDING;
};

} // namespace card
