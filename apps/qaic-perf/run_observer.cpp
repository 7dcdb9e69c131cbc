// SPDX-License-Identifier: BSD-3-Clause
#include "run_observer.hpp"

namespace qaic::perf {

RunObserver::RunObserver(const MlModel& model, FileFormat format, BufferSets& inputs, BufferSets& outputs,
                         Verifier& verifier, std::int16_t device, std::uint64_t period)
    : model_(model), format_(format), inputs_(inputs), outputs_(outputs), verifier_(verifier),
      device_(device), period_(verifier.needed() ? period : 0), until_next_(period_),
      scratch_(file_bytes(model.facts().outputs, format))
{}

void RunObserver::note_failure(const Slot& slot)
{
    if (first_failure_.empty())
        first_failure_ = fmt::format("input {}: {}", slot.tensor, op_error_text(device_, slot.op));
}

void RunObserver::check(const Slot& slot)
{
    if (auto read = model_.read_output(format_, outputs_, slot.op->user_u64, scratch_); !read) {
        if (first_failure_.empty()) first_failure_ = read.error().message();
        return; // not checked: judge() compares the number of checks with the number of tensors
    }
    verifier_.check(slot.tensor, scratch_);
}

} // namespace qaic::perf
