// SPDX-License-Identifier: BSD-3-Clause
#include "qpc/container.hpp"
#include "base/checked.hpp"
#include "qpc/limits.hpp"
#include "qpc/text.hpp"
#include <algorithm>

namespace qpc {
namespace {

/// A part of the file that belongs to one thing only.
struct Extent {
    std::uint64_t begin, end;
    std::uint64_t field_at; ///< where the file says so
    int segment;            ///< -1: header and table
    bool is_name;
};

std::string extent_text(const Extent& e)
{
    if (e.segment < 0) return "the segment table";
    return fmt::format("{}segment {}", e.is_name ? "name of " : "", e.segment);
}

Result<ContainerHeader> parse_header(ConstSpan image)
{
    const auto h = read_at<ContainerHeader>(image);
    if (!h)
        return fail(Code::E_FORMAT, "shorter than a container header got={} limit={} offset=0x0",
                    image.size(), sizeof(ContainerHeader));
    if (h->magic != container_magic)
        return fail(Code::E_FORMAT,
                    "not a program container (magic) got={:#010x} expected={:#010x} offset=0x0",
                    h->magic.get(), container_magic);
    if (h->version_major != 0)
        return fail(Code::E_FORMAT, "unknown major version got={} expected=0 offset=0x4", h->version_major);
    if (h->storage != storage_self_contained)
        return fail(Code::E_FORMAT, "storage kind is not self-contained got={} expected=1 offset=0x6",
                    h->storage.get());
    if (h->size != image.size())
        return fail(Code::E_FORMAT,
                    "total size differs from the file (truncated?) got={} expected={} offset=0x8",
                    h->size.get(), image.size());
    if (h->count > limits::segments)
        return fail(Code::E_FORMAT, "too many segments got={} limit={} offset=0x18", h->count.get(),
                    limits::segments);
    return *h;
}

/// pointer - base as a file offset with `length` bytes behind it, or nothing.
std::optional<std::uint64_t> locate(const ContainerHeader& h, std::uint64_t pointer,
                                    std::uint64_t length) noexcept
{
    if (pointer < h.base) return std::nullopt;
    const auto at = pointer - h.base;
    if (!range_inside(at, length, h.size)) return std::nullopt;
    return at;
}

Result<std::string_view> parse_name(ConstSpan image, const ContainerHeader& h, std::uint64_t pointer,
                                    std::size_t index, std::uint64_t field_at)
{
    const auto at = locate(h, pointer, 1);
    if (!at)
        return fail(Code::E_FORMAT, "name of segment {} lies outside the file got={:#x} offset={:#x}", index,
                    pointer, field_at);
    const auto rest = image.subspan(*at, std::min<std::uint64_t>(image.size() - *at, limits::name + 1));
    const auto nul = std::find(rest.begin(), rest.end(), std::byte{0});
    if (nul == rest.end())
        return fail(Code::E_FORMAT, "name of segment {} has no end within {} characters offset={:#x}", index,
                    limits::name, *at);
    const std::string_view name(reinterpret_cast<const char*>(rest.data()),
                                static_cast<std::size_t>(nul - rest.begin()));
    if (!valid_segment_name(name))
        return fail(Code::E_FORMAT, "name of segment {} is not a plain file name got=\"{}\" offset={:#x}",
                    index, printable(name), *at);
    return name;
}

Result<Segment> parse_segment(ConstSpan image, const ContainerHeader& h, std::size_t index,
                              std::uint64_t record_at)
{
    const auto r = read_at<SegmentRecord>(image, record_at);
    if (!r)
        return fail(Code::E_FORMAT, "segment record {} ends behind the file offset={:#x}", index, record_at);
    Segment s;
    s.record_at = record_at;
    QAIC_TRY(s.name, parse_name(image, h, r->name, index, record_at + offsetof(SegmentRecord, name)));
    const auto at = locate(h, r->data, r->size);
    if (!at)
        return fail(Code::E_FORMAT,
                    "segment {} ({}) lies outside the file got={:#x}+{:#x} base={:#x} limit={:#x} "
                    "offset={:#x}",
                    index, s.name, r->data.get(), r->size.get(), h.base.get(), h.size.get(),
                    record_at + offsetof(SegmentRecord, data));
    if (r->split > r->size)
        return fail(Code::E_FORMAT,
                    "split point of segment {} ({}) is beyond its end got={:#x} limit={:#x} "
                    "offset={:#x}",
                    index, s.name, r->split.get(), r->size.get(), record_at + offsetof(SegmentRecord, split));
    s.data = image.subspan(*at, r->size);
    s.data_at = *at;
    s.split = r->split;
    return s;
}

Result<void> check_unique(const std::vector<Segment>& segments)
{
    for (std::size_t i = 0; i < segments.size(); ++i)
        for (std::size_t k = 0; k < i; ++k)
            if (segments[i].name == segments[k].name)
                return fail(Code::E_FORMAT, "segments {} and {} have the same name got=\"{}\" offset={:#x}",
                            k, i, segments[i].name, segments[i].record_at + offsetof(SegmentRecord, name));
    return {};
}

Result<void> check_overlap(const Container& c, ConstSpan image, std::uint64_t table_at)
{
    const std::uint64_t table_end = table_at + c.segments.size() * sizeof(SegmentRecord);
    std::vector<Extent> extents{{0, sizeof(ContainerHeader), 0, -1, false}};
    if (table_at != table_end)
        extents.push_back({table_at, table_end, offsetof(ContainerHeader, table), -1, false});
    for (std::size_t i = 0; i < c.segments.size(); ++i) {
        const auto& s = c.segments[i];
        const auto name_at =
            static_cast<std::uint64_t>(reinterpret_cast<const std::byte*>(s.name.data()) - image.data());
        extents.push_back({name_at, name_at + s.name.size() + 1, s.record_at + offsetof(SegmentRecord, name),
                           static_cast<int>(i), true});
        if (!s.data.empty())
            extents.push_back({s.data_at, s.data_at + s.data.size(),
                               s.record_at + offsetof(SegmentRecord, data), static_cast<int>(i), false});
    }
    std::sort(extents.begin(), extents.end(),
              [](const Extent& a, const Extent& b) { return a.begin < b.begin; });
    // Sorted by begin: the first overlap there is shows between neighbours.
    for (std::size_t i = 1; i < extents.size(); ++i) {
        if (extents[i].begin >= extents[i - 1].end) continue;
        const bool swap = extents[i].segment < extents[i - 1].segment; // blame the later record
        const auto& bad = extents[swap ? i - 1 : i];
        const auto& other = extents[swap ? i : i - 1];
        return fail(Code::E_FORMAT, "{} overlaps {} got={:#x}..{:#x} offset={:#x}", extent_text(bad),
                    extent_text(other), bad.begin, bad.end, bad.field_at);
    }
    return {};
}

} // namespace

bool valid_segment_name(std::string_view name) noexcept
{
    if (name.empty() || name.size() > limits::name || name == "." || name == "..") return false;
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return c > 0x20 && c < 0x7f && c != '/' && c != '\\' && c != '"'; });
}

const Segment* Container::find(std::string_view name) const noexcept
{
    const auto it =
        std::find_if(segments.begin(), segments.end(), [&](const Segment& s) { return s.name == name; });
    return it == segments.end() ? nullptr : &*it;
}

Result<Container> parse_container(ConstSpan image)
{
    Container c;
    QAIC_TRY(c.header, parse_header(image));
    const auto count = static_cast<std::size_t>(c.header.count);
    const auto table = locate(c.header, c.header.table, count * sizeof(SegmentRecord));
    if (!table)
        return fail(Code::E_FORMAT,
                    "segment table lies outside the file got={:#x} base={:#x} segments={} offset=0x20",
                    c.header.table.get(), c.header.base.get(), count);
    c.segments.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        QAIC_TRY(auto segment, parse_segment(image, c.header, i, *table + i * sizeof(SegmentRecord)));
        c.segments.push_back(segment);
    }
    QAIC_CHECK(check_unique(c.segments));
    QAIC_CHECK(check_overlap(c, image, *table));
    return c;
}

} // namespace qpc
