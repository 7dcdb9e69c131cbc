// SPDX-License-Identifier: BSD-3-Clause
#include "qpc/network_desc_parse.hpp"
#include "qpc/limits.hpp"
#include "qpc/pb_scan.hpp"
#include "qpc/text.hpp"
#include <algorithm>
#include <google/protobuf/io/coded_stream.h>

namespace qpc {
namespace {

enum Msg : std::uint8_t {
    ROOT,
    BINDING,
    IO_DESC,
    TRANSFORM,
    SHAPES,
    SHAPE,
    STATS,
    CORE,
    GROUP,
    OP,
    CRC,
    LEAF
};
constexpr PbField schema[] = {
    {ROOT, 4, PbKind::MESSAGE, BINDING},
    {ROOT, 5, PbKind::MESSAGE, BINDING},
    {ROOT, 6, PbKind::MESSAGE, LEAF},
    {ROOT, 10, PbKind::NUMBERS},
    {ROOT, 12, PbKind::MESSAGE, STATS},
    {ROOT, 13, PbKind::STRING},
    {ROOT, 16, PbKind::MESSAGE, CRC},
    {ROOT, 17, PbKind::NUMBERS},
    {ROOT, 18, PbKind::MESSAGE, SHAPES},
    {BINDING, 2, PbKind::MESSAGE, IO_DESC},
    {BINDING, 3, PbKind::MESSAGE, IO_DESC},
    {BINDING, 4, PbKind::MESSAGE, TRANSFORM},
    {IO_DESC, 4, PbKind::NUMBERS},
    {TRANSFORM, 5, PbKind::NUMBERS},
    {TRANSFORM, 7, PbKind::NUMBERS},
    {TRANSFORM, 8, PbKind::MESSAGE, LEAF},
    {TRANSFORM, 9, PbKind::MESSAGE, LEAF},
    {SHAPES, 1, PbKind::MESSAGE, SHAPE},
    {SHAPE, 2, PbKind::NUMBERS},
    {STATS, 10, PbKind::NUMBERS},
    {STATS, 11, PbKind::NUMBERS},
    {STATS, 12, PbKind::MESSAGE, CORE},
    {CORE, 1, PbKind::MESSAGE, GROUP},
    {GROUP, 1, PbKind::MESSAGE, OP},
    {OP, 9, PbKind::STRING},
    {CRC, 2, PbKind::MESSAGE, LEAF},
};

Result<std::vector<DmaBuffer>> parse_buffers(const pb::NetworkDescriptor& d)
{
    if (static_cast<std::size_t>(d.dma_buffers_size()) > limits::dma_buffers)
        return fail(Code::E_FORMAT, "too many DMA buffers got={} limit={}", d.dma_buffers_size(),
                    limits::dma_buffers);
    std::vector<DmaBuffer> out;
    for (const auto& b : d.dma_buffers()) {
        if (b.dir() != pb::IN && b.dir() != pb::OUT)
            return fail(Code::E_FORMAT, "dma_buffers[{}]: unknown direction got={} limit=1", out.size(),
                        static_cast<int>(b.dir()));
        out.push_back({b.size(), b.dir() == pb::IN ? Direction::IN : Direction::OUT});
    }
    return out;
}

/// No two tensors of one direction may share bytes of a buffer, nor a name.
Result<void> check_disjoint(const char* what, const std::vector<Binding>& bindings)
{
    std::vector<const Binding*> sorted;
    sorted.reserve(bindings.size());
    for (const auto& b : bindings) sorted.push_back(&b);
    std::sort(sorted.begin(), sorted.end(), [](const Binding* a, const Binding* b) {
        return a->buffer != b->buffer ? a->buffer < b->buffer : a->offset < b->offset;
    });
    for (std::size_t i = 1; i < sorted.size(); ++i) {
        const auto &a = *sorted[i - 1], &b = *sorted[i];
        if (a.buffer == b.buffer && a.offset + a.bytes > b.offset)
            return fail(Code::E_FORMAT, "{} \"{}\" and \"{}\" overlap in DMA buffer {}", what,
                        printable(a.name), printable(b.name), a.buffer);
    }
    std::sort(sorted.begin(), sorted.end(),
              [](const Binding* a, const Binding* b) { return a->name < b->name; });
    for (std::size_t i = 1; i < sorted.size(); ++i)
        if (sorted[i - 1]->name == sorted[i]->name)
            return fail(Code::E_FORMAT, "two {} are named \"{}\"", what, printable(sorted[i]->name));
    return {};
}

} // namespace

Result<NetworkDesc> parse_network_desc(ConstSpan bytes)
{
    if (bytes.size() > limits::descriptor)
        return fail(Code::E_LIMIT, "network descriptor too large got={} limit={}", bytes.size(),
                    limits::descriptor);
    QAIC_CHECK(scan_protobuf(bytes, schema, ROOT));
    pb::NetworkDescriptor d;
    google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                              static_cast<int>(bytes.size()));
    in.SetRecursionLimit(limits::pb_depth);
    if (!d.ParseFromCodedStream(&in) || !in.ConsumedEntireMessage())
        return fail(Code::E_FORMAT, "not a network descriptor (protobuf)");

    NetworkDesc out;
    out.version_major = d.major_version();
    out.version_minor = d.minor_version();
    out.name = d.network_name();
    if (out.name.size() > limits::name)
        return fail(Code::E_FORMAT, "network name too long got={} limit={}", out.name.size(), limits::name);
    if (d.batch_size() < 1) return fail(Code::E_FORMAT, "batch_size got={} limit=1 or more", d.batch_size());
    if (static_cast<std::size_t>(d.inputs_size()) + static_cast<std::size_t>(d.outputs_size()) >
        limits::bindings)
        return fail(Code::E_FORMAT, "too many inputs and outputs got={}+{} limit={}", d.inputs_size(),
                    d.outputs_size(), limits::bindings);
    QAIC_TRY(out.buffers, parse_buffers(d));
    for (const auto& b : d.inputs()) {
        QAIC_TRY(auto binding,
                 parse_binding(fmt::format("inputs[{}]", out.inputs.size()), b, Direction::IN, out.buffers));
        out.inputs.push_back(std::move(binding));
    }
    for (const auto& b : d.outputs()) {
        QAIC_TRY(auto binding, parse_binding(fmt::format("outputs[{}]", out.outputs.size()), b,
                                             Direction::OUT, out.buffers));
        out.outputs.push_back(std::move(binding));
    }
    QAIC_CHECK(check_disjoint("inputs", out.inputs));
    QAIC_CHECK(check_disjoint("outputs", out.outputs));
    struct {
        const char* name;
        std::uint32_t got;
        std::size_t limit;
    } const counts[] = {{"num_cores", d.num_cores(), limits::nsps},
                        {"num_threads", d.num_threads(), limits::threads},
                        {"num_hvx_threads", d.num_hvx_threads(), limits::threads}};
    for (const auto& c : counts)
        if (c.got > c.limit)
            return fail(Code::E_FORMAT, "{} too large got={} limit={}", c.name, c.got, c.limit);
    out.cores = d.num_cores();
    out.threads = d.num_threads();
    out.hvx_threads = d.num_hvx_threads();
    out.batch = d.batch_size();
    out.allowed_shapes = static_cast<std::size_t>(d.allowed_shapes_size());
    out.has_output_crc = d.has_crc_info() && d.crc_info().entries_size() > 0;
    return out;
}

} // namespace qpc
