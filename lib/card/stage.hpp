// SPDX-License-Identifier: BSD-3-Clause
// The card's stage machine as a table. aic100-device.md 8.3
#pragma once
#include "card/card.hpp"
#include <optional>

namespace card {

enum class Cause : std::uint8_t {
    POWER_ON,
    IMAGE_ACCEPTED, ///< PBL took the SBL image
    READY_DUE,      ///< the delay before READY is over
    M0_ENTERED,
    IMAGES_DONE, ///< Sahara served every image
    MHI_RESET,
    SOC_RESET,
    FATAL, ///< a system error
    REMOVED
};

/// Where `cause` leads; nothing when it means nothing in that stage. `env` is what EXECENV says: after a
/// system error it decides which firmware answers the RESET.
[[nodiscard]] std::optional<Stage> next_stage(Stage from, Cause cause, aic100::ExecEnv env) noexcept;

} // namespace card
