// SPDX-License-Identifier: BSD-3-Clause
// The container reader and writer: layout, both writers in the wild, and each rule of aic100-workload.md 1.3.
#include "samples.hpp"

namespace qpc::samples {
namespace {
using ::testing::Test;

constexpr std::size_t table_at = 40, record_bytes = 32;
/// Offset of a field of a segment's record.
constexpr std::size_t field(std::size_t segment, std::size_t offset)
{
    return table_at + segment * record_bytes + offset;
}
constexpr std::size_t size_field = 0, split_field = 8, name_field = 16, data_field = 24;

Bytes two_segments() { return pack({{"a.bin", Bytes(10)}, {"network.elf", Bytes(100)}}); }
std::string parse_error(const Bytes& b) { return error_of(parse_container(b)); }

TEST(Container, SkeletonOfFourSegmentsIsThatOfAppendixA)
{
    const auto b = pack({{"constants.bin", Bytes(200)},
                         {"constantsdesc.bin", Bytes(24)},
                         {"network.elf", Bytes(8)},
                         {"networkdesc.bin", Bytes(202)}});
    const auto head = from_hex("7ccda10000010100");
    EXPECT_TRUE(std::equal(head.begin(), head.end(), b.begin()));
    const auto h = read_at<ContainerHeader>(b);
    EXPECT_EQ(h->size, b.size());
    EXPECT_EQ(h->base, 0u);
    EXPECT_EQ(h->count, 4u);
    EXPECT_EQ(h->table, 40u);
    EXPECT_EQ(read_at<SegmentRecord>(b, 40)->name, 168u);
    EXPECT_EQ(read_at<SegmentRecord>(b, 40)->split, 200u);
}

TEST(Container, RoundTripKeepsNamesDataAndAlignment)
{
    Bytes data{std::byte{1}, std::byte{2}, std::byte{3}};
    const auto b = pack({{"network.elf", data}, {"x", {}}, {"constants.bin", Bytes(5)}}, 3);
    const auto c = parse_container(b);
    ASSERT_TRUE(c) << c.error().message();
    ASSERT_EQ(c->segments.size(), 3u);
    EXPECT_EQ(to_bytes(c->find("network.elf")->data), data);
    EXPECT_EQ(c->find("x")->data.size(), 0u);
    EXPECT_EQ(c->find("constants.bin")->split, 3u);
    EXPECT_EQ(c->find("nothing"), nullptr);
    for (const auto& s : c->segments) EXPECT_EQ(s.data_at % 256, 0u) << s.name;
}

TEST(Container, AcceptsTheInMemoryWriterWithItsHeapAddresses)
{
    const auto parts = unpack(builtin("echo:in=64"));
    for (const std::uint64_t base : {std::uint64_t{0x55d0c0ffee00}, ~std::uint64_t{0} - (1u << 20)}) {
        const auto image = heap_style(parts, base);
        const auto c = parse_container(image);
        ASSERT_TRUE(c) << c.error().message();
        EXPECT_EQ(to_bytes(c->find("network.elf")->data), parts.at("network.elf"));
        EXPECT_TRUE(load_exact(image));
    }
}

TEST(Container, EveryTruncationIsRefusedWithAnOffset)
{
    const auto b = builtin("echo:in=64");
    for (std::size_t n = 0; n < b.size(); ++n) {
        const auto r = load_exact(ConstSpan(b).first(n));
        ASSERT_FALSE(r) << n;
        ASSERT_EQ(r.error().code, Code::E_FORMAT) << n;
        ASSERT_NE(r.error().text.find("offset=0x"), std::string::npos) << r.error().text;
    }
}

TEST(Container, HeaderFieldsAreEachChecked)
{
    const auto b = two_segments();
    const auto size = static_cast<std::uint64_t>(b.size());
    EXPECT_EQ(parse_error(patched(b, 0, std::uint32_t{0x464c457f})),
              "E_FORMAT: not a program container (magic) got=0x464c457f expected=0x00a1cd7c offset=0x0");
    EXPECT_EQ(parse_error(patched(b, 4, std::uint8_t{7})),
              "E_FORMAT: unknown major version got=7 expected=0 offset=0x4");
    EXPECT_TRUE(parse_container(patched(b, 5, std::uint8_t{9})));
    EXPECT_EQ(parse_error(patched(b, 6, std::uint16_t{0})),
              "E_FORMAT: storage kind is not self-contained got=0 expected=1 offset=0x6");
    EXPECT_EQ(
        parse_error(patched(b, 8, size + 1)),
        fmt::format("E_FORMAT: total size differs from the file (truncated?) got={} expected={} offset=0x8",
                    size + 1, size));
    for (const std::uint64_t base : {std::uint64_t{1}, std::uint64_t{1} << 63, ~std::uint64_t{0}})
        EXPECT_NE(parse_error(patched(b, 16, base)).find("offset="), std::string::npos);
    for (const std::uint64_t count : {std::uint64_t{65}, std::uint64_t{1} << 16, std::uint64_t{1} << 32,
                                      std::uint64_t{1} << 63, ~std::uint64_t{0}})
        EXPECT_EQ(parse_error(patched(b, 24, count)),
                  fmt::format("E_FORMAT: too many segments got={} limit=64 offset=0x18", count));
    for (const std::uint64_t table : {size - 63, size, ~std::uint64_t{0} - 8})
        EXPECT_NE(parse_error(patched(b, 32, table)).find("segment table lies outside the file"),
                  std::string::npos);
}

TEST(Container, RecordFieldsAreEachChecked)
{
    const auto b = two_segments();
    const auto size = static_cast<std::uint64_t>(b.size());
    for (const std::uint64_t v : {size, ~std::uint64_t{0}, std::uint64_t{1} << 63}) {
        EXPECT_NE(parse_error(patched(b, field(0, size_field), v)).find("offset=0x40"), std::string::npos);
        EXPECT_NE(
            parse_error(patched(b, field(0, name_field), v)).find("name of segment 0 lies outside the file"),
            std::string::npos);
        EXPECT_NE(parse_error(patched(b, field(1, data_field), v))
                      .find("segment 1 (network.elf) lies outside the file"),
                  std::string::npos);
    }
    EXPECT_EQ(parse_error(patched(b, field(0, split_field), std::uint64_t{11})),
              "E_FORMAT: split point of segment 0 (a.bin) is beyond its end got=0xb limit=0xa offset=0x30");
}

TEST(Container, NothingMayOverlap)
{
    const auto b = pack({{"a", Bytes(600)}, {"network.elf", Bytes(600)}});
    const auto first = read_at<SegmentRecord>(b, field(0, 0))->data.get();
    EXPECT_EQ(parse_error(patched(b, field(1, data_field), first + 599)),
              fmt::format("E_FORMAT: segment 1 overlaps segment 0 got={:#x}..{:#x} offset=0x60", first + 599,
                          first + 1199));
    EXPECT_NE(
        parse_error(patched(b, field(0, data_field), std::uint64_t{39})).find("overlaps the segment table"),
        std::string::npos);
    EXPECT_NE(parse_error(patched(b, field(1, data_field), std::uint64_t{table_at + 2 * record_bytes}))
                  .find("segment 1 overlaps name of segment 0"),
              std::string::npos);
    // A table inside data: zeros there, so a name at offset 0.
    EXPECT_NE(parse_error(patched(b, 32, first)).find("name of segment 0 is not a plain"), std::string::npos);
}

TEST(Container, NamesArePlainUniqueAndTerminated)
{
    const auto b = two_segments();
    const auto name_at = read_at<SegmentRecord>(b, field(0, 0))->name.get();
    for (const char bad : {'/', '\\', '\n', '\x1b', ' ', '\x80', '"'}) {
        const auto error = parse_error(patched(b, name_at + 1, bad));
        EXPECT_NE(error.find("not a plain file name"), std::string::npos) << error;
        EXPECT_EQ(error.find('\n'), std::string::npos);
        EXPECT_EQ(error.find('\x1b'), std::string::npos);
    }
    EXPECT_NE(parse_error(patched(b, name_at, '\0')).find("not a plain file name got=\"\""),
              std::string::npos);
    auto same = b;
    const auto other_at = read_at<SegmentRecord>(b, field(1, 0))->name.get();
    same = patched(same, other_at, std::array<char, 6>{'a', '.', 'b', 'i', 'n', 0});
    EXPECT_NE(parse_error(same).find("segments 0 and 1 have the same name got=\"a.bin\""), std::string::npos);

    auto endless = pack({{"network.elf", Bytes(1000, std::byte{'x'})}});
    const auto data_at = read_at<SegmentRecord>(endless, field(0, 0))->data.get();
    EXPECT_NE(
        parse_error(patched(endless, field(0, name_field), data_at)).find("has no end within 255 characters"),
        std::string::npos);
    EXPECT_NE(parse_error(patched(endless, field(0, name_field), endless.size() - 1)).find("has no end"),
              std::string::npos);
}

TEST(Container, WriterRefusesWhatTheReaderWould)
{
    const Bytes data(4);
    const auto write = [](std::vector<NewSegment> s) { return error_of(write_container(s)); };
    EXPECT_EQ(write({{"a", data}}), "E_INVAL: a container needs a segment network.elf");
    EXPECT_EQ(write({{"network.elf", data}, {"network.elf", data}}),
              "E_INVAL: two segments have the name \"network.elf\"");
    EXPECT_EQ(write({{"a/b", data}}), "E_INVAL: segment name is not a plain file name got=\"a/b\"");
    EXPECT_EQ(write({{"network.elf", data, 5}}),
              "E_INVAL: split point of network.elf is beyond its end got=5 limit=4");
    EXPECT_EQ(write(std::vector<NewSegment>(65)), "E_INVAL: too many segments got=65 limit=64");
}

} // namespace
} // namespace qpc::samples
