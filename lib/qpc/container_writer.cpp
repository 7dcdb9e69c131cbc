// SPDX-License-Identifier: BSD-3-Clause
#include "base/checked.hpp"
#include "qpc/container.hpp"
#include "qpc/limits.hpp"
#include "qpc/text.hpp"
#include <algorithm>
#include <zlib.h>

namespace qpc {
namespace {

constexpr std::uint64_t name_align = 8, data_align = 256;

std::uint64_t align_up(std::uint64_t v, std::uint64_t align) noexcept
{
    return (v + align - 1) / align * align;
}

Result<void> check_segments(std::span<const NewSegment> segments)
{
    if (segments.size() > limits::segments)
        return fail(Code::E_INVAL, "too many segments got={} limit={}", segments.size(), limits::segments);
    bool has_elf = false;
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const auto& s = segments[i];
        if (!valid_segment_name(s.name))
            return fail(Code::E_INVAL, "segment name is not a plain file name got=\"{}\"", printable(s.name));
        if (s.split > s.data.size())
            return fail(Code::E_INVAL, "split point of {} is beyond its end got={} limit={}", s.name, s.split,
                        s.data.size());
        const auto same = [&](const NewSegment& o) { return o.name == s.name; };
        if (std::any_of(segments.begin(), segments.begin() + static_cast<std::ptrdiff_t>(i), same))
            return fail(Code::E_INVAL, "two segments have the name \"{}\"", s.name);
        has_elf = has_elf || s.name == segment_name::elf;
    }
    if (!has_elf) return fail(Code::E_INVAL, "a container needs a segment {}", segment_name::elf);
    return {};
}

} // namespace

le32 crc_segment(ConstSpan bytes) noexcept
{
    return static_cast<std::uint32_t>(
        ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

Result<Bytes> write_container(std::span<const NewSegment> segments)
{
    QAIC_CHECK(check_segments(segments));
    std::vector<SegmentRecord> table;
    std::uint64_t at = sizeof(ContainerHeader) + segments.size() * sizeof(SegmentRecord);
    for (const auto& s : segments) {
        table.push_back({s.data.size(), s.split, at, 0});
        at = align_up(at + s.name.size() + 1, name_align);
    }
    for (std::size_t i = 0; i < segments.size(); ++i) {
        table[i].data = at = align_up(at, data_align);
        at += segments[i].data.size();
    }
    if (at > limits::file)
        return fail(Code::E_LIMIT, "container too large got={} limit={}", at, limits::file);

    ContainerHeader h{};
    h.magic = container_magic;
    h.version_minor = 1;
    h.storage = storage_self_contained;
    h.size = at;
    h.count = segments.size();
    h.table = sizeof(ContainerHeader);

    Bytes out;
    out.reserve(at);
    append(out, h);
    for (const auto& r : table) append(out, r);
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const auto name = std::as_bytes(std::span(segments[i].name));
        out.resize(table[i].name);
        out.insert(out.end(), name.begin(), name.end());
    }
    for (std::size_t i = 0; i < segments.size(); ++i) {
        out.resize(table[i].data);
        out.insert(out.end(), segments[i].data.begin(), segments[i].data.end());
    }
    return out;
}

} // namespace qpc
