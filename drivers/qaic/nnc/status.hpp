// SPDX-License-Identifier: BSD-3-Clause
// What an NNC status means to the caller. aic100-workload.md 5.6
#pragma once
#include "base/result.hpp"
#include <cstdint>
#include <string_view>

namespace qaic::nnc {

/// Code of a negative status: E_NORES, E_BUSY (-36), E_PERM, E_FORMAT (program does not fit the card),
/// E_INVAL (parameter or id), E_UNSUPP, E_TIMEOUT, or E_DMA (EIO) for everything else the card names or we do
/// not know.
[[nodiscard]] Code status_code(std::int32_t status) noexcept;
[[nodiscard]] std::string_view status_text(std::int32_t status) noexcept;

/// The error for a command that the card answered with a non-zero status.
[[nodiscard]] Error status_error(std::string_view device, std::string_view what, std::int32_t status);

} // namespace qaic::nnc
