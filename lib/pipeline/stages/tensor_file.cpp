// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/tensor_file.hpp"
#include "pipeline/stages/element.hpp"
#include "pipeline/stages/pace.hpp"
#include "pipeline/stages/tensor_options.hpp"
#include "qpc/file.hpp"
#include <rte_cycles.h>

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

class TensorFile {
  public:
    static Result<std::unique_ptr<TensorFile>> make(const qaic_pipe_setup& setup)
    {
        const Options options(setup);
        auto made = std::make_unique<TensorFile>();
        QAIC_TRY(const auto path, options.path("path"));
        QAIC_TRY(made->bytes_, item_bytes(options));
        QAIC_TRY(const auto repeat, options.integer("repeat", 0, std::int64_t{1} << 40, 1));
        QAIC_TRY(made->pace_, Pace::make(options, static_cast<double>(setup.tsc_hz)));
        auto file = qpc::read_file(path.string(), most_file_bytes);
        if (!file) return options.wrong("path", fmt::format("a file of tensors: {}", file.error().text));
        const auto size = file->span().size();
        if (size == 0 || size % made->bytes_ != 0)
            return options.wrong("path", fmt::format("whole tensors of {} bytes; {} has {}", made->bytes_,
                                                     path.string(), size));
        made->file_ = std::move(*file);
        made->tensors_ = size / made->bytes_;
        made->left_ = repeat == 0 ? for_ever : static_cast<std::uint64_t>(repeat) * made->tensors_;
        made->pool_ = setup.pool;
        return made;
    }

    [[nodiscard]] std::uint32_t room() const { return room_of(bytes_); }

    std::uint16_t run(Burst b) // HOT
    {
        if (left_ == 0) return QAIC_PIPE_END;
        const auto most = static_cast<std::uint16_t>(std::min<std::uint64_t>(left_, b.items.size()));
        const auto wanted = pace_->take(rte_rdtsc(), most);
        std::uint16_t n = 0;
        while (n < wanted && (b.items[n] = one()) != nullptr) ++n;
        if (n < wanted) pace_->give_back(static_cast<std::uint16_t>(wanted - n));
        if (left_ != for_ever) left_ -= n;
        return n;
    }

  private:
    static constexpr auto for_ever = std::numeric_limits<std::uint64_t>::max();

    rte_mbuf* one()
    {
        auto* const m = qaic_pipe_new_item(pool_);
        if (m == nullptr) return nullptr;
        void* const tensor = qaic_pipe_new_tensor(m, bytes_);
        if (tensor == nullptr) { // a pool made without asking room()
            rte_pktmbuf_free(m);
            return nullptr;
        }
        std::memcpy(tensor, file_.span().data() + next_ * bytes_, bytes_);
        if (++next_ == tensors_) next_ = 0;
        return m;
    }

    rte_mempool* pool_ = nullptr;
    std::unique_ptr<Pace> pace_;
    qpc::FileBytes file_;
    std::uint32_t bytes_ = 0;
    std::uint64_t tensors_ = 0, next_ = 0, left_ = 0;
};

} // namespace

constinit const qaic_pipe_stage stage_tensor_file =
    stage_of<TensorFile>("tensor-file", QAIC_PIPE_SOURCE, tensor_file_options, nullptr);

} // namespace pipeline
