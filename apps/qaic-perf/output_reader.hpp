// SPDX-License-Identifier: BSD-3-Clause
// Outputs of ops as a tensor file would hold them, again and again: what that needs is allocated once.
#pragma once
#include "ml_model.hpp"

#include <optional>

namespace qaic::perf {

/// Float32 tensors in ordinary memory, chained the way rte_ml_io_(de)quantize wants them.
class FloatStage {
  public:
    FloatStage(const std::vector<TensorFacts>& tensors, bool packed);
    Bytes bytes;
    std::vector<rte_ml_buff_seg*> pointers;

  private:
    std::vector<rte_ml_buff_seg> segments_;
};

/// `model` must outlive it. Not copied: the stage's chain points into it.
class OutputReader {
  public:
    OutputReader(const MlModel& model, FileFormat format);
    OutputReader(OutputReader&&) = default;
    OutputReader& operator=(OutputReader&&) = delete;
    /// One op's outputs; a view of `from` or of this object, good until the next call. Hot: allocates nothing
    /// unless it fails. E_UNSUPP: the driver cannot convert.
    Result<ConstSpan> read(BufferSets& from, std::size_t set);

  private:
    const MlModel& model_;
    std::optional<FloatStage> stage_; ///< there when values are converted
    Bytes gathered_;                  ///< outputs of several buffers
};

} // namespace qaic::perf
