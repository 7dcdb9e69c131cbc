// SPDX-License-Identifier: BSD-3-Clause
// The telemetry commands of this driver: one row each, and what each answers. Called in telemetry threads; an
// answer waits for a device's control lock no longer than `patience`, and an error is answered as
// {"error": "E_BUSY: ..."}.
#pragma once
#include "base/clock.hpp"
#include "qaic/seen/options.hpp"
#include <rte_telemetry.h>

namespace qaic::seen {

inline constexpr Nanos patience = 200ms; ///< for a device's control lock

struct Command {
    const char* path;
    const char* help; ///< one line, as /help prints it
    bool of_device;   ///< its first parameter is a device
    std::span<const OptionRule> rules;
    Result<void> (*answer)(const Options& options, rte_tel_data* reply);
};

[[nodiscard]] std::span<const Command> commands() noexcept;
/// The whole way from a command line to an answer; what the registered callback does. Never throws.
int answer(std::string_view path, const char* params, rte_tel_data* reply) noexcept;

} // namespace qaic::seen
