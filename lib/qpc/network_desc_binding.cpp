// SPDX-License-Identifier: BSD-3-Clause
#include "base/checked.hpp"
#include "qpc/limits.hpp"
#include "qpc/network_desc_parse.hpp"
#include "qpc/text.hpp"
#include <algorithm>

namespace qpc {
namespace {

constexpr std::string_view transform_names[] = {"Convert",   "ConvertToD32", "ConvertFromD32", "Dequantize",
                                                "Transpose", "Quantize",     "CopyDMABuffer"};

std::string transform_name(int kind)
{
    if (kind >= 0 && static_cast<std::size_t>(kind) < std::size(transform_names))
        return std::string(transform_names[kind]);
    return fmt::format("kind {}", kind);
}

/// Bytes of a tensor; the dims are copied to `out` when given.
Result<std::uint64_t> tensor_bytes(const std::string& where, int type,
                                   const google::protobuf::RepeatedField<std::int32_t>& dims,
                                   std::vector<std::uint32_t>* out)
{
    if (type < 0 || static_cast<unsigned>(type) >= data_types)
        return fail(Code::E_FORMAT, "{}: unknown data type got={} limit={}", where, type, data_types - 1);
    if (static_cast<std::size_t>(dims.size()) > limits::rank)
        return fail(Code::E_FORMAT, "{}: too many dimensions got={} limit={}", where, dims.size(),
                    limits::rank);
    std::uint64_t bytes = element_bytes(static_cast<DataType>(type));
    for (int i = 0; i < dims.size(); ++i) {
        if (dims[i] <= 0)
            return fail(Code::E_FORMAT, "{}: dimension {} is not positive got={}", where, i, dims[i]);
        const auto next = checked_mul(bytes, static_cast<std::uint64_t>(dims[i]));
        if (!next || *next > limits::tensor_bytes)
            return fail(Code::E_FORMAT, "{}: product of dimensions too large (bytes) limit={}", where,
                        limits::tensor_bytes);
        bytes = *next;
        if (out != nullptr) out->push_back(static_cast<std::uint32_t>(dims[i]));
    }
    return bytes;
}

Result<const pb::Transform*> only_copy(const std::string& where, const pb::IoBinding& b)
{
    if (b.transforms_size() == 0)
        return fail(Code::E_UNSUPP, "{}: no transform: nothing says which DMA buffer holds it", where);
    for (const auto& t : b.transforms())
        if (t.kind() != pb::COPY_DMA_BUFFER)
            return fail(Code::E_UNSUPP,
                        "{}: host transform {} is not supported; compile without host pre- and "
                        "post-processing",
                        where, transform_name(t.kind()));
    if (b.transforms_size() > 1)
        return fail(Code::E_UNSUPP, "{}: more than one CopyDMABuffer transform got={} limit=1", where,
                    b.transforms_size());
    if (!b.transforms(0).has_copy_dma_buffer())
        return fail(Code::E_FORMAT, "{}: CopyDMABuffer transform without its buffer", where);
    return &b.transforms(0);
}

} // namespace

Result<Binding> parse_binding(std::string where, const pb::IoBinding& b, Direction dir,
                              const std::vector<DmaBuffer>& buffers)
{
    Binding out;
    out.name = b.name();
    if (out.name.empty()) return fail(Code::E_FORMAT, "{}: name is empty", where);
    if (out.name.size() > limits::name)
        return fail(Code::E_FORMAT, "{}: name too long got={} limit={}", where, out.name.size(),
                    limits::name);
    where = fmt::format("{} \"{}\"", where, printable(out.name));
    QAIC_TRY(const auto* t, only_copy(where, b));
    if (dir == Direction::IN ? !b.has_io_initial() : !b.has_io_transformed())
        return fail(Code::E_FORMAT, "{}: no description of its type and dimensions", where);
    const auto& seen = dir == Direction::IN ? b.io_initial() : b.io_transformed();
    QAIC_TRY(const auto user_bytes, tensor_bytes(where, seen.type(), seen.dims(), &out.dims));
    QAIC_TRY(out.bytes, tensor_bytes(where + " transform", t->type(), t->dims(), nullptr));
    if (user_bytes != out.bytes || seen.type() != t->type())
        return fail(Code::E_FORMAT,
                    "{}: transform moves another tensor than the binding describes (bytes) got={} "
                    "expected={}",
                    where, out.bytes, user_bytes);
    out.type = static_cast<DataType>(seen.type());
    out.qscale = seen.qscale();
    out.qoffset = seen.qoffset();
    const auto& copy = t->copy_dma_buffer();
    if (copy.buffer_num() >= buffers.size())
        return fail(Code::E_FORMAT, "{}: DMA buffer does not exist got={} limit={}", where, copy.buffer_num(),
                    buffers.size());
    const auto& buffer = buffers[copy.buffer_num()];
    if (buffer.direction != dir)
        return fail(Code::E_FORMAT, "{}: DMA buffer {} has the other direction", where, copy.buffer_num());
    if (!range_inside(copy.offset(), out.bytes, buffer.size))
        return fail(Code::E_FORMAT, "{}: does not fit DMA buffer {} got={}+{} limit={}", where,
                    copy.buffer_num(), copy.offset(), out.bytes, buffer.size);
    out.buffer = copy.buffer_num();
    out.offset = copy.offset();
    out.partial = b.is_partial_allowed();
    out.align = std::max(1u, b.align());
    if (out.partial && (b.align() == 0 || out.dims.size() != 1))
        return fail(Code::E_FORMAT, "{}: a partial tensor needs one dimension and an alignment", where);
    return out;
}

} // namespace qpc
