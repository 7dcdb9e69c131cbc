// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/resize.hpp"
#include "pipeline/stages/tensor_options.hpp"
#include <cmath>

namespace pipeline {

namespace {

constexpr const char* resize_options[] = {"from", "to", "type", nullptr};

/// Between which two old pixels a new one lies: offsets in elements, and how near to the second.
struct Between {
    std::uint32_t first, second;
    float share;
};

std::vector<Between> between(std::uint32_t old_count, std::uint32_t new_count, std::uint32_t stride)
{
    std::vector<Between> all;
    const double step = static_cast<double>(old_count) / new_count;
    for (std::uint32_t i = 0; i < new_count; ++i) {
        const double at = std::clamp((i + 0.5) * step - 0.5, 0.0, old_count - 1.0);
        const auto first = static_cast<std::uint32_t>(at);
        all.push_back(
            {first * stride, std::min(first + 1, old_count - 1) * stride, static_cast<float>(at - first)});
    }
    return all;
}

class Resize {
  public:
    static Result<std::unique_ptr<Resize>> make(const qaic_pipe_setup& setup)
    {
        static constexpr std::string_view types[] = {"u8", "f32"};
        const Options options(setup);
        auto made = std::make_unique<Resize>();
        QAIC_TRY(const auto from, shape_option(options, "from"));
        QAIC_TRY(const auto to, shape_option(options, "to"));
        QAIC_TRY(const auto type, options.choice("type", types, 0));
        if (from.size() != 3) return options.wrong("from", "height, width and channels like \"480x640x3\"");
        if (to.size() != 2) return options.wrong("to", "height and width like \"224x224\"");
        made->floats_ = type == 1;
        made->channels_ = from[2];
        const std::uint32_t size = made->floats_ ? 4 : 1;
        const auto out = std::uint64_t{to[0]} * to[1]; // each at most 2^30
        if (out > most_tensor_bytes) return options.wrong("to", "fewer pixels");
        QAIC_TRY(made->in_bytes_, tensor_bytes(elements_of(from), size, options, "from"));
        QAIC_TRY(made->out_bytes_, tensor_bytes(out * from[2], size, options, "to"));
        made->rows_ = between(from[0], to[0], from[1] * from[2]);
        made->columns_ = between(from[1], to[1], from[2]);
        return made;
    }

    [[nodiscard]] std::uint32_t room() const { return room_of(out_bytes_); }

    void run(Burst b) // HOT
    {
        into_new_tensors(b, in_bytes_, out_bytes_, [this](const void* in, void* out) {
            if (floats_)
                convert(static_cast<const LooseFloat*>(in), static_cast<LooseFloat*>(out));
            else
                convert(static_cast<const std::uint8_t*>(in), static_cast<std::uint8_t*>(out));
        });
    }

  private:
    static void store(LooseFloat& to, float v) { to = v; }
    static void store(std::uint8_t& to, float v) // between two bytes: no need to saturate
    {
        to = static_cast<std::uint8_t>(std::lrint(v));
    }

    template<class T>
    void convert(const T* in, T* out) const
    {
        for (const auto& row : rows_)
            for (const auto& column : columns_)
                for (std::uint32_t c = 0; c < channels_; ++c) {
                    const auto along = [&](const T* line) {
                        const auto a = static_cast<float>(line[column.first + c]);
                        const auto b = static_cast<float>(line[column.second + c]);
                        return a + (b - a) * column.share;
                    };
                    const float above = along(in + row.first), below = along(in + row.second);
                    store(*out++, above + (below - above) * row.share);
                }
    }

    bool floats_ = false;
    std::uint32_t channels_ = 0, in_bytes_ = 0, out_bytes_ = 0;
    std::vector<Between> rows_, columns_;
};

} // namespace

constinit const qaic_pipe_stage stage_resize =
    stage_of<Resize>("resize", QAIC_PIPE_SHAPE, resize_options, new_tensor_reasons);

} // namespace pipeline
