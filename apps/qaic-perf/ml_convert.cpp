// SPDX-License-Identifier: BSD-3-Clause
// Between the bytes of a tensor file and the buffers of one op.
#include "output_reader.hpp"

#include <algorithm>
#include <cstring>

namespace qaic::perf {

namespace {

/// True when the file's bytes are the device's bytes.
bool same_bytes(FileFormat format, const std::vector<TensorFacts>& tensors)
{
    return format == FileFormat::DEVICE || std::all_of(tensors.begin(), tensors.end(), [](const auto& t) {
               return t.type == RTE_ML_IO_TYPE_FP32;
           });
}

} // namespace

FloatStage::FloatStage(const std::vector<TensorFacts>& tensors, bool packed)
{
    std::vector<std::uint64_t> sizes;
    sizes.reserve(tensors.size());
    for (const auto& t : tensors) sizes.push_back(t.elements * sizeof(float));
    const auto layout = entry_layout(sizes, packed, 1);
    bytes.resize(layout.content);
    for (const auto& e : layout.entries)
        segments_.push_back(
            {RTE_BAD_IOVA, bytes.data() + e.offset, static_cast<std::uint32_t>(e.bytes), 0, nullptr});
    for (auto& s : segments_) pointers.push_back(&s);
}

Result<void> MlModel::write_input(FileFormat format, ConstSpan from, BufferSets& to, std::size_t set) const
{
    if (same_bytes(format, facts_.inputs)) {
        to.put(set, from);
        return {};
    }
    FloatStage stage(facts_.inputs, facts_.packed);
    std::memcpy(stage.bytes.data(), from.data(), stage.bytes.size());
    if (const int e = rte_ml_io_quantize(device_, facts_.id, stage.pointers.data(), to.segments(set)); e != 0)
        return fail(Code::E_UNSUPP,
                    "model '{}': the driver cannot convert float32 inputs: {} ({}); use --device-io",
                    facts_.name, std::strerror(-e), e);
    return {};
}

OutputReader::OutputReader(const MlModel& model, FileFormat format) : model_(model)
{
    const auto& facts = model.facts();
    if (!same_bytes(format, facts.outputs))
        stage_.emplace(facts.outputs, facts.packed);
    else if (!facts.packed && facts.outputs.size() > 1)
        gathered_.resize(file_bytes(facts.outputs, FileFormat::DEVICE));
}

Result<ConstSpan> OutputReader::read(BufferSets& from, std::size_t set)
{
    if (!stage_) {
        if (gathered_.empty()) return ConstSpan(from.buffer(set, 0));
        from.get(set, gathered_);
        return ConstSpan(gathered_);
    }
    QAIC_CHECK(model_.dequantize(from.segments(set), stage_->pointers.data()));
    return ConstSpan(stage_->bytes);
}

Result<void> MlModel::dequantize(rte_ml_buff_seg** from, rte_ml_buff_seg** to) const
{
    if (const int e = rte_ml_io_dequantize(device_, facts_.id, from, to); e != 0)
        return fail(Code::E_UNSUPP,
                    "model '{}': the driver cannot convert outputs to float32: {} ({}); use --device-io",
                    facts_.name, std::strerror(-e), e);
    return {};
}

} // namespace qaic::perf
