// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/quantize.hpp"
#include "pipeline/stages/element.hpp"
#include "pipeline/stages/quantize_kernels.hpp"

namespace pipeline {

namespace {

constexpr const char* quantize_options[] = {"shape", "to", "scale", "zero_point", nullptr};
constexpr const char* dequantize_options[] = {"shape", "from", "scale", "zero_point", nullptr};

struct Narrow {
    TensorKernel from_f32, to_f32;
    std::int32_t low, high; ///< of a zero point; equal: the type has no scale
};

/// nullptr: f32 itself.
const Narrow* narrow_of(Element type)
{
    static constexpr Narrow i8{to_integers<std::int8_t>, from_integers<std::int8_t>, -128, 127};
    static constexpr Narrow u8{to_integers<std::uint8_t>, from_integers<std::uint8_t>, 0, 255};
    static constexpr Narrow f16{to_halves<float_to_half>, from_halves<half_to_float>, 0, 0};
    static constexpr Narrow bf16{to_halves<float_to_bf16>, from_halves<bf16_to_float>, 0, 0};
    switch (type) {
    case Element::I8: return &i8;
    case Element::U8: return &u8;
    case Element::F16: return &f16;
    case Element::BF16: return &bf16;
    case Element::F32: break;
    }
    return nullptr;
}

Result<Steps> steps_options(const Options& options, const Narrow& type)
{
    Steps steps;
    const bool integer = type.low != type.high;
    for (const auto* name : {"scale", "zero_point"})
        if (!integer && options.has(name)) return options.wrong(name, "no value with f16 and bf16");
    // Not denormal: dividing by one overflows.
    QAIC_TRY(const auto scale, options.real("scale", std::numeric_limits<float>::min(), 1e30, 1.0));
    QAIC_TRY(const auto zero, options.integer("zero_point", type.low, type.high, 0));
    steps.scale = static_cast<float>(scale);
    steps.zero_point = static_cast<std::int32_t>(zero);
    return steps;
}

/// A kernel over a tensor of known size into a new one of known size. `back`: dequantizes.
template<bool back>
class Conversion {
  public:
    static Result<std::unique_ptr<Conversion>> make(const qaic_pipe_setup& setup)
    {
        const Options options(setup);
        const auto* const name = back ? "from" : "to";
        auto made = std::make_unique<Conversion>();
        QAIC_TRY(const auto shape, shape_option(options, "shape"));
        QAIC_TRY(const auto type, element_option(options, name));
        const auto* const narrow = narrow_of(type);
        if (narrow == nullptr) return options.wrong(name, "one of: f16, bf16, i8, u8");
        QAIC_TRY(made->steps_, steps_options(options, *narrow));
        made->elements_ = elements_of(shape);
        QAIC_TRY(made->in_bytes_, tensor_bytes(made->elements_, sizeof(float), options, "shape"));
        made->out_bytes_ = made->elements_ * bytes_of(type);
        if (back) std::swap(made->in_bytes_, made->out_bytes_);
        made->kernel_ = back ? narrow->to_f32 : narrow->from_f32;
        return made;
    }

    [[nodiscard]] std::uint32_t room() const { return room_of(out_bytes_); }

    void run(Burst b) // HOT
    {
        into_new_tensors(b, in_bytes_, out_bytes_,
                         [this](const void* in, void* out) { kernel_(in, out, elements_, steps_); });
    }

  private:
    TensorKernel kernel_ = nullptr;
    Steps steps_;
    std::uint32_t elements_ = 0, in_bytes_ = 0, out_bytes_ = 0;
};

} // namespace

constinit const qaic_pipe_stage stage_quantize =
    stage_of<Conversion<false>>("quantize", QAIC_PIPE_SHAPE, quantize_options, new_tensor_reasons);
constinit const qaic_pipe_stage stage_dequantize =
    stage_of<Conversion<true>>("dequantize", QAIC_PIPE_SHAPE, dequantize_options, new_tensor_reasons);

} // namespace pipeline
