// SPDX-License-Identifier: BSD-3-Clause
// What happens around each op of a loop: its input is chosen before, its output checked after.
#pragma once
#include "checksum.hpp"
#include "op_set.hpp"
#include "output_reader.hpp"
#include "verify.hpp"

#include <string>

namespace qaic::perf {

/// Every so many-th of a lane's ops: 1 all of them, 0 none. Hot.
class OneIn {
  public:
    explicit OneIn(std::uint64_t period) : period_(period), left_(period) {}
    bool due() noexcept
    {
        if (period_ == 0 || --left_ != 0) return false;
        left_ = period_;
        return true;
    }

  private:
    std::uint64_t period_, left_;
};

/// Which outputs of a phase are looked at.
struct CheckPlan {
    std::uint64_t compare_period = 0;  ///< element by element, by the verifier: one in so many; 0 none
    std::uint64_t checksum_period = 0; ///< by checksum, likewise
    bool learn = false;                ///< checksums become the references instead of being compared
};

/// The output buffer of an op to be compared is filled with 0xff before it goes (NaN in every float type), so
/// that a result left over from an earlier op cannot pass; that of one to be checksummed alone only here and
/// there (mark_unwritten()).
class RunObserver {
  public:
    /// `references`: of the model; only needed with a checksum period.
    RunObserver(const MlModel& model, FileFormat format, BufferSets& inputs, BufferSets& outputs,
                Verifier verifier, std::int16_t device, const CheckPlan& plan, ReferenceSums* references);
    void submitting(Slot& slot)
    {
        slot.op->input = inputs_.segments(slot.tensor);
        slot.sampled = compare_.due();
        slot.summed = sum_.due();
        if (slot.sampled)
            outputs_.fill(slot.op->user_u64, std::byte{0xff});
        else if (slot.summed)
            mark(slot);
    }
    void completed(Slot& slot)
    {
        ++back_;
        if (slot.op->status != RTE_ML_OP_STATUS_SUCCESS) return note_failure(slot);
        if (slot.summed) sum(slot);
        if (slot.sampled) check(slot);
    }
    /// The first failed op's error, or the first output that could not be read; empty when there was none.
    [[nodiscard]] const std::string& first_failure() const { return first_failure_; }
    [[nodiscard]] const Verification& verification() const { return verifier_.result(); }
    /// The first mismatch is without its place: that is the caller's to know.
    [[nodiscard]] const ChecksumCounts& checksums() const { return checksums_; }

  private:
    void mark(const Slot& slot) noexcept;
    void sum(const Slot& slot) noexcept;
    void note_failure(const Slot& slot);
    void check(const Slot& slot);

    OutputReader reader_;
    BufferSets &inputs_, &outputs_;
    Verifier verifier_;
    std::int16_t device_;
    OneIn compare_, sum_;
    bool learn_;
    ReferenceSums* references_;
    std::uint64_t back_ = 0;
    ChecksumCounts checksums_;
    std::string first_failure_;
};

} // namespace qaic::perf
