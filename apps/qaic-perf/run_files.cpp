// SPDX-License-Identifier: BSD-3-Clause
#include "run_files.hpp"
#include "load/arrivals.hpp"

namespace qaic::perf {

Result<RunFiles> read_run_files(const RunOptions& o)
{
    RunFiles files;
    struct Row {
        const std::string& path;
        Bytes& to;
    };
    for (const auto& model : o.models) {
        QAIC_TRY(auto bytes, read_file(model.path));
        files.models.push_back(std::move(bytes));
    }
    if (!o.schedule.empty()) {
        QAIC_TRY(const auto text, read_file(o.schedule));
        const std::string_view view(reinterpret_cast<const char*>(text.data()), text.size());
        QAIC_TRY(files.due, load::parse_schedule(view, o.schedule));
    }
    for (const auto& [path, to] :
         {Row{o.input, files.input}, Row{o.expect, files.expect}, Row{o.labels, files.labels}}) {
        if (path.empty()) continue;
        QAIC_TRY(to, read_file(path));
    }
    return files;
}

Result<RunTensors> to_tensors(const RunOptions& o, const ModelFacts& model, RunFiles& files)
{
    RunTensors out;
    const auto format = o.format();
    const auto named = [&](const char* what, const std::vector<TensorFacts>& tensors) {
        return fmt::format("{} ({}{})", what, describe(tensors),
                           format == FileFormat::FLOAT32 ? " as float32" : "");
    };
    const auto in = file_bytes(model.inputs, format), result = file_bytes(model.outputs, format);
    if (o.input.empty())
        out.input = {"zeros", Bytes(in), in, 1};
    else {
        QAIC_TRY(out.input, as_tensors(o.input, std::move(files.input), in, named("input", model.inputs)));
    }
    if (!o.expect.empty()) {
        QAIC_TRY(out.expect, as_tensors_like(o.expect, std::move(files.expect), result,
                                             named("output", model.outputs), out.input));
    }
    if (!o.labels.empty()) {
        QAIC_TRY(out.labels, as_tensors_like(o.labels, std::move(files.labels), 1, "label", out.input));
    }
    return out;
}

} // namespace qaic::perf
