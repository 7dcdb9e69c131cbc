// SPDX-License-Identifier: BSD-3-Clause
// One model from loaded to unloaded, and the conversions between its own types and float32.
#pragma once
#include "dma_memory.hpp"
#include "ml_device.hpp"
#include "model_facts.hpp"

namespace qaic::perf {

/// Loaded and started on construction; control functions from one thread; must go before its device.
class MlModel {
  public:
    /// `place` (the file's name) stands in front of every error. E_FORMAT: the driver refused the container;
    /// E_UNSUPP: it describes something this tool cannot run.
    static Result<MlModel> load(const MlDevice& device, ConstSpan container, const std::string& place);
    MlModel(MlModel&& other) noexcept
        : device_(other.device_), facts_(std::move(other.facts_)), load_ms_(other.load_ms_),
          start_ms_(other.start_ms_), loaded_(other.loaded_), started_(other.started_)
    {
        other.loaded_ = other.started_ = false;
    }
    MlModel& operator=(MlModel&&) = delete;
    ~MlModel() { (void)unload(); }

    [[nodiscard]] const ModelFacts& facts() const { return facts_; }
    [[nodiscard]] double load_ms() const { return load_ms_; }
    [[nodiscard]] double start_ms() const { return start_ms_; }
    /// Buffers of one op as the driver wants them.
    [[nodiscard]] EntryLayout input_layout(std::uint64_t align) const;
    [[nodiscard]] EntryLayout output_layout(std::uint64_t align) const;
    /// E_UNSUPP when a tensor's type has no float32 form and the files are to hold float32.
    [[nodiscard]] Result<void> check_format(FileFormat format) const;
    /// One op's inputs from a file's bytes into a buffer set.
    Result<void> write_input(FileFormat format, ConstSpan from, BufferSets& to, std::size_t set) const;
    /// One op's outputs to float32; OutputReader has the buffers for it.
    Result<void> dequantize(rte_ml_buff_seg** from, rte_ml_buff_seg** to) const;
    /// Stops and unloads; the second call does nothing.
    Result<void> unload();

  private:
    MlModel() = default;
    std::int16_t device_ = -1;
    ModelFacts facts_;
    double load_ms_ = 0, start_ms_ = 0;
    bool loaded_ = false, started_ = false;
};

} // namespace qaic::perf
