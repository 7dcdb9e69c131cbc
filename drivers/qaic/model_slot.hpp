// SPDX-License-Identifier: BSD-3-Clause
// A model slot of a device: the model, and its activations, each on a DBC of its own with its own faults and
// budget. Queue pair q of the device feeds instance q % N, or as `spread` says. Under the device's control
// lock, but for `visible`.
#pragma once
#include "qaic/recovery_budget.hpp"
#include "qaic/running.hpp"
#include <atomic>

namespace qaic {

inline constexpr unsigned max_instances = aic100::dbc_count;

/// One activation of a model.
struct Instance {
    std::unique_ptr<Running> running; ///< may be fenced and waiting for its successor
    RecoveryBudget budget;
    std::optional<Nanos> reactivate_at; ///< after a fence; nothing when the budget is spent
    Nanos fenced_at{0};
};

struct ModelSlot {
    std::unique_ptr<Model> model;
    std::atomic<const Model*> visible{nullptr}; ///< model, for readers without the lock
    std::vector<Instance> instances;            ///< while started, and after a device stop; as many as serve
    std::vector<std::uint8_t> spread;           ///< by queue pair id: the instance it feeds; empty = in turn
    std::uint8_t partition = 0;                 ///< it was loaded into, 0 = the whole card
    unsigned wanted = 0;                        ///< instances asked for this model, 0 = the device's default
    bool started = false;                       ///< what the application asked for
    std::uint64_t activations = 0, faults = 0;
    std::uint64_t submitted_before = 0, errors_before = 0; ///< through activations that are gone

    [[nodiscard]] std::uint64_t outstanding() const noexcept
    {
        std::uint64_t n = 0;
        for (const auto& i : instances)
            if (i.running) n += i.running->outstanding();
        return n;
    }
    [[nodiscard]] bool runs() const noexcept
    {
        for (const auto& i : instances)
            if (i.running) return true;
        return false;
    }
};

} // namespace qaic
