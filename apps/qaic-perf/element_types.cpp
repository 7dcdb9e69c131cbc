// SPDX-License-Identifier: BSD-3-Clause
#include "element_types.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>

namespace qaic::perf {

namespace {

template<class T>
double plain(const std::byte* at) noexcept
{
    T v;
    std::memcpy(&v, at, sizeof v);
    return static_cast<double>(v);
}

double half(const std::byte* at) noexcept
{
    std::uint16_t v;
    std::memcpy(&v, at, sizeof v);
    const int exponent = (v >> 10) & 0x1f, fraction = v & 0x3ff;
    double value = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
    if (exponent == 0x1f) value = fraction == 0 ? HUGE_VAL : std::nan("");
    return (v & 0x8000) != 0 ? -value : value;
}

double bfloat(const std::byte* at) noexcept
{
    std::uint16_t v;
    std::memcpy(&v, at, sizeof v);
    return static_cast<double>(std::bit_cast<float>(std::uint32_t{v} << 16));
}

struct Row {
    ElementType type;
    std::string_view name;
    std::size_t size;
    bool to_float;
    double (*value)(const std::byte*) noexcept;
};

constexpr std::array rows = {
    Row{RTE_ML_IO_TYPE_INT8, "INT8", 1, true, plain<std::int8_t>},
    Row{RTE_ML_IO_TYPE_UINT8, "UINT8", 1, true, plain<std::uint8_t>},
    Row{RTE_ML_IO_TYPE_INT16, "INT16", 2, true, plain<std::int16_t>},
    Row{RTE_ML_IO_TYPE_UINT16, "UINT16", 2, true, plain<std::uint16_t>},
    Row{RTE_ML_IO_TYPE_INT32, "INT32", 4, true, plain<std::int32_t>},
    Row{RTE_ML_IO_TYPE_UINT32, "UINT32", 4, true, plain<std::uint32_t>},
    Row{RTE_ML_IO_TYPE_INT64, "INT64", 8, false, plain<std::int64_t>},
    Row{RTE_ML_IO_TYPE_UINT64, "UINT64", 8, false, plain<std::uint64_t>},
    Row{RTE_ML_IO_TYPE_FP8, "FP8", 1, false, plain<std::uint8_t>},
    Row{RTE_ML_IO_TYPE_FP16, "FP16", 2, true, half},
    Row{RTE_ML_IO_TYPE_FP32, "FP32", 4, true, plain<float>},
    Row{RTE_ML_IO_TYPE_BFLOAT16, "BFLOAT16", 2, true, bfloat},
};

const Row* find(ElementType type) noexcept
{
    for (const auto& row : rows)
        if (row.type == type) return &row;
    return nullptr;
}

} // namespace

std::string_view type_name(ElementType type) noexcept
{
    const auto* row = find(type);
    return row != nullptr ? row->name : "?";
}

std::size_t type_size(ElementType type) noexcept
{
    const auto* row = find(type);
    return row != nullptr ? row->size : 0;
}

bool converts_to_float(ElementType type) noexcept
{
    const auto* row = find(type);
    return row != nullptr && row->to_float;
}

double element_value(ElementType type, const std::byte* at) noexcept
{
    const auto* row = find(type);
    return row != nullptr ? row->value(at) : std::nan("");
}

} // namespace qaic::perf
