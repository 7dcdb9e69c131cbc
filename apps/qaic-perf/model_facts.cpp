// SPDX-License-Identifier: BSD-3-Clause
#include "model_facts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace qaic::perf {

std::string describe(const TensorFacts& tensor)
{
    return fmt::format("{} {} {}", tensor.name, fmt::join(tensor.shape, "x"), type_name(tensor.type));
}

std::string describe(const std::vector<TensorFacts>& tensors)
{
    std::string text;
    for (const auto& t : tensors) text += (text.empty() ? "" : " + ") + describe(t);
    return text;
}

std::uint64_t file_bytes(const std::vector<TensorFacts>& tensors, FileFormat format)
{
    std::uint64_t bytes = 0;
    for (const auto& t : tensors)
        bytes += format == FileFormat::FLOAT32 ? t.elements * sizeof(float) : t.device_bytes;
    return bytes;
}

std::vector<ElementRun> element_runs(const std::vector<TensorFacts>& tensors, FileFormat format)
{
    std::vector<ElementRun> runs;
    runs.reserve(tensors.size());
    for (const auto& t : tensors)
        runs.push_back(
            {format == FileFormat::FLOAT32 ? ElementType{RTE_ML_IO_TYPE_FP32} : t.type, t.elements});
    return runs;
}

} // namespace qaic::perf
