// SPDX-License-Identifier: BSD-3-Clause
#include "run_observer.hpp"

namespace qaic::perf {

RunObserver::RunObserver(const MlModel& model, FileFormat format, BufferSets& inputs, BufferSets& outputs,
                         Verifier verifier, std::int16_t device, const CheckPlan& plan,
                         ReferenceSums* references)
    : reader_(model, format), inputs_(inputs), outputs_(outputs), verifier_(std::move(verifier)),
      device_(device), compare_(plan.compare_period), sum_(references == nullptr ? 0 : plan.checksum_period),
      learn_(plan.learn), references_(references)
{}

void RunObserver::note_failure(const Slot& slot)
{
    if (first_failure_.empty())
        first_failure_ = fmt::format("input {}: {}", slot.tensor, op_error_text(device_, slot.op));
}

void RunObserver::mark(const Slot& slot) noexcept
{
    for (std::size_t i = 0; i < outputs_.layout().entries.size(); ++i)
        mark_unwritten(outputs_.buffer(slot.op->user_u64, i));
}

void RunObserver::sum(const Slot& slot) noexcept
{
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < outputs_.layout().entries.size(); ++i)
        sum = checksum(outputs_.buffer(slot.op->user_u64, i), sum);
    if (learn_)
        references_->learn(slot.tensor, sum);
    else
        checksums_.compare(*references_, slot.tensor, back_, sum, outputs_.layout().content);
}

void RunObserver::check(const Slot& slot)
{
    const auto output = reader_.read(outputs_, slot.op->user_u64);
    if (output) return verifier_.check(slot.tensor, *output);
    // not checked: judge() compares the number of checks with the number of tensors
    if (first_failure_.empty()) first_failure_ = output.error().message();
}

} // namespace qaic::perf
