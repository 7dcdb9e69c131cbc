// SPDX-License-Identifier: BSD-3-Clause
// What happens around each op of a closed loop: its input is chosen before, its output checked after.
#pragma once
#include "ml_model.hpp"
#include "op_set.hpp"
#include "verify.hpp"

#include <string>

namespace qaic::perf {

/// Checks one output in `period`: 1 all of them, 0 none. The output buffer of an op to be checked is filled
/// with 0xff before it goes (NaN in every float type), so that a result left over from an earlier op cannot
/// pass.
class RunObserver {
  public:
    RunObserver(const MlModel& model, FileFormat format, BufferSets& inputs, BufferSets& outputs,
                Verifier& verifier, std::int16_t device, std::uint64_t period);
    void submitting(Slot& slot)
    {
        slot.op->input = inputs_.segments(slot.tensor);
        slot.sampled = period_ != 0 && --until_next_ == 0;
        if (slot.sampled) {
            until_next_ = period_;
            outputs_.fill(slot.op->user_u64, std::byte{0xff});
        }
    }
    void completed(Slot& slot)
    {
        if (slot.op->status != RTE_ML_OP_STATUS_SUCCESS)
            note_failure(slot);
        else if (slot.sampled)
            check(slot);
    }
    /// The first failed op's error, or the first output that could not be read; empty when there was none.
    [[nodiscard]] const std::string& first_failure() const { return first_failure_; }

  private:
    void note_failure(const Slot& slot);
    void check(const Slot& slot);

    const MlModel& model_;
    FileFormat format_;
    BufferSets &inputs_, &outputs_;
    Verifier& verifier_;
    std::int16_t device_;
    std::uint64_t period_, until_next_;
    Bytes scratch_;
    std::string first_failure_;
};

} // namespace qaic::perf
