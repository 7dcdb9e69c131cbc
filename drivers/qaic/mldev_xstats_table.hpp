// SPDX-License-Identifier: BSD-3-Clause
// The extended statistics as tables: what each is called and where it comes from. Ids are places in the order
// device rows, queue pair 0's rows, queue pair 1's ..., model 0's rows, ...: unique over both modes of the
// API and the same as long as the process lives, whatever is set up or loaded.
#pragma once
#include "qaic/device.hpp"

namespace qaic::xstats {

/// Rows there are now: of the device and its set-up queue pairs, by id.
[[nodiscard]] std::vector<std::uint16_t> device_ids(const DeviceSnapshot& now);
/// Rows of a model slot, loaded or not.
[[nodiscard]] std::vector<std::uint16_t> model_ids(std::uint16_t model);
/// "ops_enqueued", "qp3_full", "model0_inferences". The id must be one of those above.
[[nodiscard]] std::string name_of(std::uint16_t id);
/// Absolute value; nothing when there is no such statistic now. Any id.
[[nodiscard]] std::optional<std::uint64_t> value_of(const Device& device, const DeviceSnapshot& now,
                                                    std::uint16_t id);
/// The same for one model; nothing when the id is not one of its own.
[[nodiscard]] std::optional<std::uint64_t> value_of(const ModelSnapshot& model, std::uint16_t id);

} // namespace qaic::xstats
