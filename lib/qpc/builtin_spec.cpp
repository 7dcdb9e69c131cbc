// SPDX-License-Identifier: BSD-3-Clause
#include "qpc/builtin_spec.hpp"
#include "base/checked.hpp"
#include "qpc/limits.hpp"
#include "qpc/text.hpp"
#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <optional>

namespace qpc {
namespace {
using aic100::NspBuiltin;

/// Cuts the part before `separator` off `text`.
std::string_view next_part(std::string_view& text, char separator)
{
    const auto at = text.find(separator);
    const auto part = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    return part;
}

template<class T>
std::optional<T> parse_number(std::string_view text)
{
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// What a kind of program accepts, and how its tensors are typed.
struct Kind {
    std::string_view name;
    NspBuiltin builtin;
    std::string_view extra; ///< its own key, required but for "timed"; empty: none
    DataType type;
    enum class Out { MIRRORS, WORD, FREE } out; ///< the inputs' sizes; 4 bytes; as they are given
    [[nodiscard]] bool mirrors() const { return out == Out::MIRRORS; }
};
constexpr Kind kinds[] = {
    {"echo", NspBuiltin::ECHO, "", DataType::INT8, Kind::Out::MIRRORS},
    {"checksum", NspBuiltin::CHECKSUM, "", DataType::INT8, Kind::Out::WORD},
    {"scale", NspBuiltin::SCALE, "factor", DataType::FLOAT32, Kind::Out::MIRRORS},
    {"wait", NspBuiltin::WAIT, "us", DataType::INT8, Kind::Out::MIRRORS},
    {"timed", NspBuiltin::TIMED, "us", DataType::INT8, Kind::Out::FREE},
};

Result<std::vector<std::uint64_t>> parse_sizes(std::string_view key, std::string_view text)
{
    std::vector<std::uint64_t> out;
    do {
        auto size = parse_size(next_part(text, '+'));
        if (!size) return fail_at(key, std::move(size).error());
        out.push_back(*size);
    } while (!text.empty());
    return out;
}

struct Values {
    std::vector<std::uint64_t> in, out;
    std::string_view extra;
};

Result<Values> parse_values(const Kind& kind, std::string_view text)
{
    Values v;
    while (!text.empty()) {
        auto value = next_part(text, ',');
        const auto key = next_part(value, '=');
        auto* sizes = key == "in" ? &v.in : key == "out" ? &v.out : nullptr;
        if (sizes != nullptr && sizes->empty()) {
            QAIC_TRY(*sizes, parse_sizes(key, value));
        } else if (!kind.extra.empty() && key == kind.extra && v.extra.empty() && !value.empty()) {
            v.extra = value;
        } else {
            return fail(Code::E_INVAL, "key unknown, repeated or without value got=\"{}\" known=in,out{}{}",
                        printable(key), kind.extra.empty() ? "" : ",", kind.extra);
        }
    }
    if (v.in.empty()) return fail(Code::E_INVAL, "{} needs in=SIZE", kind.name);
    if (kind.out == Kind::Out::FREE && v.extra.empty()) v.extra = "0"; // the card's timing model alone counts
    if (!kind.extra.empty() && v.extra.empty())
        return fail(Code::E_INVAL, "{} needs {}=N", kind.name, kind.extra);
    return v;
}

Result<void> add_tensors(std::vector<TensorSpec>& to, const char* prefix, DataType type,
                         const std::vector<std::uint64_t>& sizes)
{
    for (const auto size : sizes) {
        const auto element = element_bytes(type);
        if (size % element != 0)
            return fail(Code::E_INVAL, "size is not a multiple of the element got={} limit={}", size,
                        element);
        // A dimension is an i32 in the file: large byte tensors get two.
        const auto n = size / element;
        const std::uint64_t rows = n > 0x7fffffff ? 2 : 1;
        if (n % rows != 0) return fail(Code::E_INVAL, "sizes above 2 GiB must be even got={}", size);
        TensorSpec t{fmt::format("{}_{}", prefix, to.size()), type, {}};
        if (rows > 1) t.dims.push_back(static_cast<std::uint32_t>(rows));
        t.dims.push_back(static_cast<std::uint32_t>(n / rows));
        to.push_back(std::move(t));
    }
    return {};
}

Result<std::uint64_t> argument(const Kind& kind, std::string_view text)
{
    if (kind.builtin == NspBuiltin::SCALE) {
        const auto factor = parse_number<float>(text);
        if (!factor || !std::isfinite(*factor))
            return fail(Code::E_INVAL, "factor is not a number got=\"{}\"", printable(text));
        return std::bit_cast<std::uint32_t>(*factor);
    }
    constexpr std::uint64_t limit = 60'000'000, ns_per_us = 1000;
    const auto us = parse_number<std::uint64_t>(text);
    if (!us || *us > limit)
        return fail(Code::E_INVAL, "us is not a number of microseconds got=\"{}\" limit={}", printable(text),
                    limit);
    return *us * ns_per_us;
}

} // namespace

Result<std::uint64_t> parse_size(std::string_view text)
{
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = parse_number<std::uint64_t>(text.substr(0, digits));
    const auto unit = text.substr(digits);
    const std::uint64_t factor = unit.empty() || unit == "B" ? 1
                                 : unit == "KiB"             ? 1u << 10
                                 : unit == "MiB"             ? 1u << 20
                                 : unit == "GiB"             ? 1u << 30
                                                             : 0;
    if (!number || factor == 0)
        return fail(Code::E_INVAL, "not a size got=\"{}\" expected a number, or one with KiB, MiB, GiB",
                    printable(text));
    const auto bytes = checked_mul(*number, factor);
    if (!bytes || *bytes == 0 || *bytes > limits::tensor_bytes)
        return fail(Code::E_INVAL, "size out of range got={} limit=1..{}", printable(text),
                    limits::tensor_bytes);
    return *bytes;
}

Result<ProgramSpec> parse_builtin(std::string_view text)
{
    const auto name = next_part(text, ':');
    const auto* kind =
        std::find_if(std::begin(kinds), std::end(kinds), [&](const Kind& k) { return k.name == name; });
    if (kind == std::end(kinds))
        return fail(Code::E_INVAL, "unknown program got=\"{}\" known=echo,checksum,scale,wait,timed",
                    printable(name));
    QAIC_TRY(auto v, parse_values(*kind, text));
    if (kind->out == Kind::Out::FREE && v.out.empty())
        return fail(Code::E_INVAL, "{} needs out=SIZE", kind->name);
    if (v.out.empty()) v.out = kind->mirrors() ? v.in : std::vector<std::uint64_t>{4};
    if (kind->mirrors() && v.in != v.out)
        return fail(Code::E_INVAL, "{} needs outputs of the inputs' sizes; leave out= away", kind->name);
    if (kind->out == Kind::Out::WORD && v.out != std::vector<std::uint64_t>{4})
        return fail(Code::E_INVAL, "{} has one output of 4 bytes; leave out= away", kind->name);
    if (kind->builtin == NspBuiltin::SCALE && v.in.size() != 1)
        return fail(Code::E_INVAL, "scale has one input got={} limit=1", v.in.size());
    ProgramSpec spec;
    spec.name = std::string(kind->name);
    spec.builtin = kind->builtin;
    spec.in_place = kind->builtin == NspBuiltin::ECHO || kind->builtin == NspBuiltin::WAIT;
    QAIC_CHECK(add_tensors(spec.inputs, "inputBuff", kind->type, v.in));
    QAIC_CHECK(add_tensors(spec.outputs, "outputBuff",
                           kind->out == Kind::Out::WORD ? DataType::INT32 : kind->type, v.out));
    if (!kind->extra.empty()) {
        QAIC_TRY(spec.arg0, argument(*kind, v.extra));
    }
    return spec;
}

} // namespace qpc
