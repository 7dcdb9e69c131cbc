// SPDX-License-Identifier: BSD-3-Clause
// Between the bytes of a tensor file and the buffers of one op.
#include "ml_model.hpp"

#include <algorithm>
#include <cstring>

namespace qaic::perf {

namespace {

/// Float32 tensors in ordinary memory, chained the way rte_ml_io_(de)quantize wants them.
class FloatStage {
  public:
    FloatStage(const std::vector<TensorFacts>& tensors, bool packed)
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
    Bytes bytes;
    std::vector<rte_ml_buff_seg*> pointers;

  private:
    std::vector<rte_ml_buff_seg> segments_;
};

/// True when the file's bytes are the device's bytes.
bool same_bytes(FileFormat format, const std::vector<TensorFacts>& tensors)
{
    return format == FileFormat::DEVICE || std::all_of(tensors.begin(), tensors.end(), [](const auto& t) {
               return t.type == RTE_ML_IO_TYPE_FP32;
           });
}

} // namespace

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

Result<void> MlModel::read_output(FileFormat format, BufferSets& from, std::size_t set, MutSpan to) const
{
    if (same_bytes(format, facts_.outputs)) {
        from.get(set, to);
        return {};
    }
    FloatStage stage(facts_.outputs, facts_.packed);
    if (const int e = rte_ml_io_dequantize(device_, facts_.id, from.segments(set), stage.pointers.data());
        e != 0)
        return fail(Code::E_UNSUPP,
                    "model '{}': the driver cannot convert outputs to float32: {} ({}); use --device-io",
                    facts_.name, std::strerror(-e), e);
    std::memcpy(to.data(), stage.bytes.data(), stage.bytes.size());
    return {};
}

} // namespace qaic::perf
