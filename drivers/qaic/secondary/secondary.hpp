// SPDX-License-Identifier: BSD-3-Clause
// Secondary processes, for the probes and the native API. docs/adr/0010
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include <optional>

struct rte_device;

namespace qaic {
struct QueuePair;
}

namespace qaic::secondary {

/// Is this process one?
[[nodiscard]] bool is_secondary() noexcept;
/// Registers the primary's device `name` in this process. `window`: the DBC window where this process's bus
/// mapped it, or nullptr to map the primary's file. Each error is one line, and nothing is left.
[[nodiscard]] Result<void> attach(rte_device* parent, const char* name, std::optional<Nanos> dma_ends,
                                  const volatile void* window = nullptr);
/// Takes it out again; 0 when there is none.
int detach(const char* name) noexcept;

/// rte_pmd_qaic_mp.h, rte_pmd_qaic_dp.h
[[nodiscard]] Result<void> claim(std::int16_t dev_id, std::uint16_t qp_id);
[[nodiscard]] Result<void> release(std::int16_t dev_id, std::uint16_t qp_id);
[[nodiscard]] Result<QueuePair*> claimed(std::int16_t dev_id, std::uint16_t qp_id);

} // namespace qaic::secondary
