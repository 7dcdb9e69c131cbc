// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/tensor_file.hpp"
#include "pipeline/stages/element.hpp"
#include "pipeline/stages/tensor_source.hpp"
#include "qpc/file.hpp"

namespace pipeline {

namespace {

constexpr const char* tensor_file_options[] = {"path", "bytes",    "shape", "type", "repeat",
                                               "rate", "arrivals", "seed",  nullptr};
constexpr std::uint64_t most_file_bytes = std::uint64_t{4} << 30;

/// Either way of saying how large one tensor is.
Result<std::uint32_t> item_bytes(const Options& options)
{
    if (options.has("bytes") == options.has("shape"))
        return options.wrong(options.has("bytes") ? "bytes" : "path",
                             "one of bytes, or shape and type, beside it");
    if (options.has("bytes")) {
        QAIC_TRY(const auto bytes, options.integer("bytes", 1, most_tensor_bytes));
        return static_cast<std::uint32_t>(bytes);
    }
    QAIC_TRY(const auto shape, shape_option(options, "shape"));
    QAIC_TRY(const auto type, element_option(options, "type", Element::F32));
    return tensor_bytes(elements_of(shape), bytes_of(type), options, "shape");
}

class TensorFile : public TensorSource {
  public:
    static Result<std::unique_ptr<TensorFile>> make(const qaic_pipe_setup& setup)
    {
        const Options options(setup);
        auto made = std::make_unique<TensorFile>();
        QAIC_TRY(const auto path, options.path("path"));
        QAIC_TRY(const auto bytes, item_bytes(options));
        QAIC_TRY(const auto repeat, options.integer("repeat", 0, std::int64_t{1} << 40, 1));
        auto file = qpc::read_file(path.string(), most_file_bytes);
        if (!file) return options.wrong("path", fmt::format("a file of tensors: {}", file.error().text));
        const auto size = file->span().size();
        if (size == 0 || size % bytes != 0)
            return options.wrong(
                "path", fmt::format("whole tensors of {} bytes; {} has {}", bytes, path.string(), size));
        made->file_ = std::move(*file);
        made->tensors_ = size / bytes;
        QAIC_CHECK(made->prepare(setup, bytes, static_cast<std::uint64_t>(repeat) * made->tensors_));
        return made;
    }

    std::uint16_t run(Burst b) // HOT
    {
        return run_with(b, [this](std::byte* tensor) {
            std::memcpy(tensor, file_.span().data() + next_ * bytes_, bytes_);
            if (++next_ == tensors_) next_ = 0;
        });
    }

  private:
    qpc::FileBytes file_;
    std::uint64_t tensors_ = 0, next_ = 0;
};

} // namespace

constinit const qaic_pipe_stage stage_tensor_file =
    stage_of<TensorFile>("tensor-file", QAIC_PIPE_SOURCE, tensor_file_options, nullptr);

} // namespace pipeline
