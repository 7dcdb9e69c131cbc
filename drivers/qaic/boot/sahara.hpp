// SPDX-License-Identifier: BSD-3-Clause
// Host side of Sahara: serves firmware images to the SBL. A pure packet machine: bytes in, replies out.
// Guards S-HDR and S-RD of reliability.md 3.2; aic100-device.md 3.3
#pragma once
#include "aic100/wire/sahara.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "qaic/boot/firmware_set.hpp"
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace qaic::boot {

class Sahara {
  public:
    using Send = std::function<Result<void>(ConstSpan packet)>;
    /// `firmware` must outlive the session.
    Sahara(FirmwareSet& firmware, Send send) : firmware_(firmware), send_(std::move(send)) {}

    /// One packet of the card. An error ends the session for good and the boot with it (E_FW, S-HDR or S-RD
    /// in the text; or the error of sending).
    [[nodiscard]] Result<void> handle(ConstSpan packet);
    /// The card has said that all images are transferred.
    [[nodiscard]] bool complete() const noexcept { return complete_; }
    [[nodiscard]] std::uint64_t bytes_served() const noexcept { return served_; }
    /// Why an image the card asked for could not be served, when it asked for one; for the error text of a
    /// boot that ends afterwards.
    [[nodiscard]] const std::string& missing() const noexcept { return missing_; }
    /// The card has just given up an image we could not serve: it goes on at once, or never.
    [[nodiscard]] bool declined() const noexcept { return declined_; }
    /// What the session is waiting for, for time-out texts.
    [[nodiscard]] std::string_view waiting_for() const noexcept;

  private:
    /// What the card may send next.
    enum class Phase : std::uint8_t { HELLO, SERVE, DONE_RESP };

    Result<void> on_hello(ConstSpan packet);
    Result<void> on_read_data(ConstSpan packet);
    Result<void> on_end_of_image(ConstSpan packet);
    Result<void> on_done_resp(ConstSpan packet);
    Result<void> serve(const aic100::SaharaReadData& request, const FirmwareSet::Image& image);
    Result<void> send_short(aic100::SaharaCmd command);
    [[nodiscard]] std::string image_name(std::uint32_t id) const;

    static constexpr unsigned hello_limit = 64; ///< sessions a card may begin in one boot
    static constexpr unsigned reread_factor = 4;

    FirmwareSet& firmware_;
    Send send_;
    Phase phase_ = Phase::HELLO;
    std::optional<std::uint32_t> active_;          ///< image being read
    std::optional<std::uint32_t> refused_;         ///< last request was answered with RESET
    std::map<std::uint32_t, std::uint64_t> total_; ///< bytes served, by image
    std::uint64_t served_ = 0;
    std::string missing_;
    unsigned hellos_ = 0, refusals_ = 0;
    bool complete_ = false, declined_ = false;
};

} // namespace qaic::boot
