// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/normalise.hpp"
#include "pipeline/stages/element.hpp"
#include "pipeline/stages/tensor_options.hpp"
#include <cmath>

namespace pipeline {

namespace {

constexpr const char* normalise_options[] = {"shape", "from", "layout", "scale", "mean", "std", nullptr};

/// How channels lie: `outer` times, for each of them in turn, `inner` elements.
struct Channels {
    std::size_t outer = 1, count = 1, inner = 1;
};

Channels channels_of(std::span<const std::uint32_t> shape, bool last)
{
    const auto n = shape.size();
    if (last) return {elements_of(shape.first(n - 1)), shape[n - 1], 1};
    if (n < 3) return {1, 1, elements_of(shape)};
    return {elements_of(shape.first(n - 3)), shape[n - 3], elements_of(shape.last(2))};
}

class Normalise {
  public:
    static Result<std::unique_ptr<Normalise>> make(const qaic_pipe_setup& setup)
    {
        static constexpr std::string_view layouts[] = {"nchw", "nhwc"}, types[] = {"f32", "u8"};
        const Options options(setup);
        auto made = std::make_unique<Normalise>();
        QAIC_TRY(const auto shape, shape_option(options, "shape"));
        QAIC_TRY(const auto layout, options.choice("layout", layouts, 0));
        QAIC_TRY(const auto from, options.choice("from", types, 0));
        made->channels_ = channels_of(shape, layout == 1);
        made->from_u8_ = from == 1;
        made->elements_ = elements_of(shape);
        QAIC_TRY(made->out_bytes_, tensor_bytes(made->elements_, sizeof(float), options, "shape"));
        QAIC_TRY(const auto scale, options.real("scale", -1e30, 1e30, 1.0));
        QAIC_TRY(const auto mean, numbers_option(options, "mean", made->channels_.count, 0));
        QAIC_TRY(const auto deviation, numbers_option(options, "std", made->channels_.count, 1));
        for (std::size_t c = 0; c < mean.size(); ++c) {
            const Line line{static_cast<float>(scale / deviation[c]),
                            static_cast<float>(-mean[c] / deviation[c])};
            if (!std::isfinite(line.times) || !std::isfinite(line.plus))
                return options.wrong("std", "numbers that scale and mean can be divided by");
            made->lines_.push_back(line);
        }
        return made;
    }

    [[nodiscard]] std::uint32_t room() const { return from_u8_ ? room_of(out_bytes_) : 0; }

    void run(Burst b) // HOT
    {
        if (from_u8_)
            return into_new_tensors(b, elements_, out_bytes_, [this](const void* in, void* out) {
                convert(static_cast<const std::uint8_t*>(in), static_cast<LooseFloat*>(out));
            });
        for (std::size_t i = 0; i < b.items.size(); ++i) b.verdict[i] = in_place(b.items[i]);
    }

  private:
    struct Line {
        float times, plus;
    };

    std::uint8_t in_place(rte_mbuf* m) const
    {
        if (qaic_pipe_item_of(m)->tensor_bytes != out_bytes_) return NEW_TENSOR_WRONG_SIZE;
        auto* const x = static_cast<LooseFloat*>(qaic_pipe_tensor(m));
        convert(x, x);
        return QAIC_PIPE_PASS;
    }

    template<class From>
    void convert(const From* x, LooseFloat* y) const
    {
        const auto [outer, count, inner] = channels_;
        for (std::size_t o = 0; o < outer; ++o)
            for (std::size_t c = 0; c < count; ++c, x += inner, y += inner) {
                const auto [times, plus] = lines_[c];
                for (std::size_t i = 0; i < inner; ++i) y[i] = static_cast<float>(x[i]) * times + plus;
            }
    }

    Channels channels_;
    bool from_u8_ = false;
    std::uint32_t elements_ = 0, out_bytes_ = 0;
    std::vector<Line> lines_; ///< by channel
};

} // namespace

constinit const qaic_pipe_stage stage_normalise =
    stage_of<Normalise>("normalise", QAIC_PIPE_SHAPE, normalise_options, new_tensor_reasons);

} // namespace pipeline
