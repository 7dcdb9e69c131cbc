// SPDX-License-Identifier: BSD-3-Clause
#include "qpc/nsp_image.hpp"
#include "qpc/limits.hpp"
#include "qpc/text.hpp"
#include <algorithm>
#include <cstring>

namespace qpc {
namespace {
using aic100::NspProgram;
using aic100::NspTensor;

Result<NspTensor> encode(const NspTensorInfo& t)
{
    if (t.name.size() >= aic100::nsp_name_bytes)
        return fail(Code::E_INVAL, "tensor \"{}\": name too long got={} limit={}", printable(t.name),
                    t.name.size(), aic100::nsp_name_bytes - 1);
    if (t.dims.size() > aic100::nsp_max_dims)
        return fail(Code::E_INVAL, "tensor \"{}\": too many dimensions got={} limit={}", printable(t.name),
                    t.dims.size(), aic100::nsp_max_dims);
    NspTensor out{};
    out.space = static_cast<std::uint32_t>(t.space);
    out.doorbell = t.doorbell;
    out.offset = t.offset;
    out.size = t.size;
    out.type = static_cast<std::uint32_t>(t.type);
    out.rank = static_cast<std::uint32_t>(t.dims.size());
    std::copy(t.dims.begin(), t.dims.end(), out.dims);
    std::memcpy(out.name, t.name.data(), t.name.size());
    return out;
}

Result<NspTensorInfo> decode(ConstSpan section, std::size_t at, std::size_t index)
{
    const auto t = read_at<NspTensor>(section, at);
    if (!t) return fail(Code::E_FORMAT, "tensor record {} ends behind the section offset={:#x}", index, at);
    if (t->type >= data_types || t->rank > aic100::nsp_max_dims)
        return fail(Code::E_FORMAT, "tensor record {}: type {} or rank {} unknown offset={:#x}", index,
                    t->type.get(), t->rank.get(), at);
    NspTensorInfo out;
    out.name.assign(t->name, ::strnlen(t->name, sizeof(t->name)));
    out.type = static_cast<DataType>(t->type.get());
    out.dims.assign(t->dims, t->dims + t->rank);
    out.space = static_cast<aic100::NspSpace>(t->space.get());
    out.doorbell = t->doorbell;
    out.offset = t->offset;
    out.size = t->size;
    return out;
}

} // namespace

Result<Bytes> encode_nsp_image(const NspImage& image)
{
    NspProgram p{};
    p.magic = aic100::nsp_magic;
    p.version = aic100::nsp_version;
    p.kind = static_cast<std::uint16_t>(image.kind);
    p.builtin = static_cast<std::uint32_t>(image.builtin);
    p.inputs = static_cast<std::uint32_t>(image.inputs.size());
    p.outputs = static_cast<std::uint32_t>(image.outputs.size());
    p.arg0 = image.arg0;
    p.arg1 = image.arg1;
    Bytes out;
    append(out, p);
    for (const auto* list : {&image.inputs, &image.outputs})
        for (const auto& t : *list) {
            QAIC_TRY(const auto record, encode(t));
            append(out, record);
        }
    return out;
}

Result<NspImage> decode_nsp_image(ConstSpan section)
{
    const auto p = read_at<NspProgram>(section);
    if (!p || p->magic != aic100::nsp_magic || p->version != aic100::nsp_version)
        return fail(Code::E_FORMAT, "not an NSP program of version {} offset=0x0", aic100::nsp_version);
    if (p->inputs > limits::bindings || p->outputs > limits::bindings)
        return fail(Code::E_FORMAT, "too many tensors got={}+{} limit={} offset=0xc", p->inputs.get(),
                    p->outputs.get(), limits::bindings);
    NspImage out;
    out.kind = static_cast<aic100::NspKind>(p->kind.get());
    out.builtin = static_cast<aic100::NspBuiltin>(p->builtin.get());
    out.arg0 = p->arg0;
    out.arg1 = p->arg1;
    for (std::size_t i = 0; i < std::size_t{p->inputs} + p->outputs; ++i) {
        QAIC_TRY(auto t, decode(section, sizeof(NspProgram) + i * sizeof(NspTensor), i));
        (i < p->inputs ? out.inputs : out.outputs).push_back(std::move(t));
    }
    return out;
}

std::string_view builtin_name(aic100::NspBuiltin builtin) noexcept
{
    static constexpr std::string_view names[] = {"none", "echo", "checksum", "scale", "wait", "timed"};
    const auto i = static_cast<std::size_t>(builtin);
    return i < std::size(names) ? names[i] : "?";
}

std::string_view space_name(aic100::NspSpace space) noexcept
{
    static constexpr std::string_view names[] = {"L2TCM", "VTCM", "DDR"};
    const auto i = static_cast<std::size_t>(space);
    return i < std::size(names) ? names[i] : "?";
}

} // namespace qpc
