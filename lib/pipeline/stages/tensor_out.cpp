// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/tensor_out.hpp"
#include "pipeline/stages/file_out.hpp"

namespace pipeline {

namespace {

constexpr const char* tensor_out_options[] = {"path", nullptr};
constexpr const char* tensor_out_reasons[] = {"write_failed", nullptr};
constexpr std::uint8_t tensor_out_failed = QAIC_PIPE_DROP;

class TensorOut {
  public:
    static Result<std::unique_ptr<TensorOut>> make(const qaic_pipe_setup& setup)
    {
        if (setup.replicas > 1)
            return fail(Code::E_INVAL, "{}: stage {}: tensor-out takes 1 replica got={}", setup.place,
                        setup.stage, setup.replicas);
        auto made = std::make_unique<TensorOut>();
        QAIC_TRY(made->file_, FileOut::make(setup, false));
        return made;
    }

    void run(Burst b) // HOT
    {
        for (std::size_t i = 0; i < b.items.size(); ++i) {
            const auto* const tensor = static_cast<const char*>(qaic_pipe_tensor(b.items[i]));
            const bool out = file_->put({tensor, qaic_pipe_item_of(b.items[i])->tensor_bytes});
            if (!out) b.verdict[i] = tensor_out_failed;
        }
    }

    Result<void> finish() { return file_->finish(); }

  private:
    std::unique_ptr<FileOut> file_;
};

} // namespace

constinit const qaic_pipe_stage stage_tensor_out =
    stage_of<TensorOut>("tensor-out", QAIC_PIPE_SINK, tensor_out_options, tensor_out_reasons);

} // namespace pipeline
