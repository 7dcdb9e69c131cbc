// SPDX-License-Identifier: BSD-3-Clause
#include "samples.hpp"
#include <memory>

namespace qpc::samples {

Bytes from_hex(std::string_view hex)
{
    Bytes out;
    int high = -1;
    for (const char c : hex) {
        if (c == ' ' || c == '\n') continue;
        const int v = c <= '9' ? c - '0' : c - 'a' + 10;
        if (high >= 0) out.push_back(static_cast<std::byte>(high * 16 + v));
        high = high >= 0 ? -1 : v;
    }
    return out;
}

Bytes builtin(std::string_view text)
{
    const auto spec = parse_builtin(text);
    if (!spec) {
        ADD_FAILURE() << spec.error().message();
        return {};
    }
    auto bytes = build_container(*spec);
    if (!bytes) {
        ADD_FAILURE() << bytes.error().message();
        return {};
    }
    return std::move(*bytes);
}

Segments unpack(const Bytes& container)
{
    Segments out;
    const auto c = parse_container(container);
    EXPECT_TRUE(c);
    for (const auto& s : c->segments) out[std::string(s.name)] = to_bytes(s.data);
    return out;
}

Bytes pack(const Segments& segments, std::optional<std::uint64_t> split)
{
    std::vector<NewSegment> list;
    for (const auto& [name, data] : segments)
        list.push_back({name, data, name == segment_name::constants ? split.value_or(data.size()) : 0});
    auto bytes = write_container(list);
    if (!bytes) {
        ADD_FAILURE() << bytes.error().message();
        return {};
    }
    return std::move(*bytes);
}

Bytes heap_style(const Segments& segments, std::uint64_t base)
{
    const auto padded = [](std::size_t n) { return (n + 7) / 8 * 8; };
    std::uint64_t at = sizeof(ContainerHeader) + segments.size() * sizeof(SegmentRecord);
    std::vector<SegmentRecord> table;
    for (const auto& [name, data] : segments) {
        table.push_back({data.size(), name == segment_name::constants ? data.size() : 0, base + at, 0});
        at += padded(name.size() + 1);
    }
    std::size_t i = 0;
    for (const auto& [name, data] : segments) {
        table[i++].data = base + at;
        at += padded(data.size());
    }
    ContainerHeader h{};
    h.magic = container_magic;
    h.version_minor = 1;
    h.storage = storage_self_contained;
    h.size = at;
    h.base = base;
    h.count = segments.size();
    h.table = base + sizeof(ContainerHeader);
    Bytes out;
    append(out, h);
    for (const auto& r : table) append(out, r);
    const auto add = [&](ConstSpan part, std::size_t size) {
        out.insert(out.end(), part.begin(), part.end());
        out.resize(out.size() - part.size() + size);
    };
    for (const auto& s : segments) add(as_span(s.first), padded(s.first.size() + 1));
    for (const auto& s : segments) add(s.second, padded(s.second.size()));
    return out;
}

ProgramPlan simple_io_plan()
{
    using aic100::NspSpace;
    ProgramPlan p;
    p.network_name = "simpleio";
    p.static_constants = 200;
    p.inputs.push_back({64, NspSpace::L2TCM, 0, 3072, 1, false, false});
    p.inputs.push_back({64, NspSpace::VTCM, 4096, 0, 1, true, false});
    p.outputs.push_back({64, NspSpace::DDR, 0, 64, 1, false, false});
    return p;
}

Bytes simple_io_network_desc()
{
    return from_hex("08091a0873696d706c65696f222d0a0b696e707574427566665f30120508082201401a0508082201"
                    "40220e080610081d0000803f2a01404a003001222f0a0b696e707574427566665f31120508082201"
                    "401a050808220140"
                    "2210080610081d0000803f2a01404a02180130012a300a0c6f7574707574427566665f30120508"
                    "082201401a05080822014022"
                    "12080610081d0000803f2a01404a0408011802320208403202084032040840100138014004480452"
                    "04000000005802"
                    "6a034856586a03484d5870018a010100");
}

Result<std::string> load_exact(ConstSpan bytes)
{
    const std::unique_ptr<std::byte[]> exact(new std::byte[bytes.size()]);
    std::copy(bytes.begin(), bytes.end(), exact.get());
    const auto p = load_program({exact.get(), bytes.size()}, "net.qpc");
    if (!p) return tl::unexpected(p.error());
    return p->metadata.network_name;
}

} // namespace qpc::samples
