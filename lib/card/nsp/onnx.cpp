// SPDX-License-Identifier: BSD-3-Clause
// The only file that knows OpenCV: a network from ONNX bytes, run by its dnn module on the polling thread.
#include "aic100/wire/nnc_commands.hpp"
#include "base/checked.hpp"
#include "card/nsp/backend.hpp"
#include <algorithm>
#include <cstring>
#include <exception>
#include <limits>
#include <mutex>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/dnn.hpp>

namespace card {
namespace {
constexpr NncStatus program_info = -46; ///< "program info from metadata" (4.13)
constexpr std::uint32_t float32 = 0;    ///< DataType of the network descriptor

/// Dims as OpenCV takes them; nothing when they do not make up the tensor's size.
std::optional<std::vector<int>> shape_of(const ProgramTensor& t)
{
    std::uint64_t bytes = sizeof(float);
    std::vector<int> shape;
    for (const auto d : t.dims) {
        const auto product = checked_mul<std::uint64_t>(bytes, d);
        if (!product || d == 0 || d > static_cast<std::uint32_t>(std::numeric_limits<int>::max()))
            return std::nullopt;
        bytes = *product;
        shape.push_back(static_cast<int>(d));
    }
    if (t.type != float32 || shape.empty() || bytes != t.size) return std::nullopt;
    return shape;
}

class Onnx final : public Backend {
  public:
    Onnx(const Program& program, Buffers buffers, ConstSpan network) : buffers_(std::move(buffers))
    {
        net_ = cv::dnn::readNetFromONNX(reinterpret_cast<const char*>(network.data()), network.size());
        net_.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
        for (std::size_t i = 0; i < program.inputs.size(); ++i) {
            const auto shape = shape_of(program.inputs[i]);
            if (!shape) CV_Error(cv::Error::StsBadSize, "input is not float32 of its shape");
            inputs_.emplace_back(program.inputs[i].name, cv::Mat(*shape, CV_32F));
        }
        for (const auto& t : program.outputs) {
            if (!shape_of(t)) CV_Error(cv::Error::StsBadSize, "output is not float32 of its shape");
            output_names_.emplace_back(t.name);
        }
    }
    bool compute() noexcept override
    {
        try {
            run();
            return true;
        } catch (const std::exception&) { // cv::Exception among them
            return false;
        }
    }
    /// Throws what OpenCV throws.
    void run()
    {
        for (std::size_t i = 0; i < inputs_.size(); ++i) {
            std::memcpy(inputs_[i].second.data, buffers_.in[i].data(), buffers_.in[i].size());
            net_.setInput(inputs_[i].second, inputs_[i].first);
        }
        net_.forward(outputs_, output_names_);
        if (outputs_.size() != buffers_.out.size()) CV_Error(cv::Error::StsBadSize, "number of outputs");
        for (std::size_t i = 0; i < outputs_.size(); ++i) {
            const auto& m = outputs_[i];
            if (m.type() != CV_32F || !m.isContinuous() || m.total() * m.elemSize() != buffers_.out[i].size())
                CV_Error(cv::Error::StsBadSize, "size of an output");
            std::memcpy(buffers_.out[i].data(), m.data, buffers_.out[i].size());
        }
    }

  private:
    Buffers buffers_;
    cv::dnn::Net net_;
    std::vector<std::pair<std::string, cv::Mat>> inputs_;
    std::vector<std::string> output_names_;
    std::vector<cv::Mat> outputs_;
};

} // namespace

NncResult<std::unique_ptr<Backend>> make_onnx(const Program& program, Buffers buffers, ConstSpan network)
{
    try {
        static std::once_flag once; // the settings are the process's, and cards may be polled by many threads
        std::call_once(once, [] {
            cv::setNumThreads(1); // one engine thread, chosen by the caller
            cv::utils::logging::setLogLevel(
                cv::utils::logging::LOG_LEVEL_SILENT); // errors travel as a status
        });
        auto out = std::make_unique<Onnx>(program, std::move(buffers), network);
        out->run(); // on zeros: names, shapes and sizes are known good before the host is told "active"
        return out;
    } catch (const std::exception&) {
        return tl::unexpected(program_info);
    }
}

} // namespace card
