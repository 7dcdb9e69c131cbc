// SPDX-License-Identifier: BSD-3-Clause
// load_program: the parts against each other, damaged files, and what it may cost.
#include "alloc_peak.hpp"
#include "samples.hpp"
#include <ctime>
#include <functional>
#include <random>

namespace qpc::samples {
namespace {

/// A program with constants: checksum's container plus 100 bytes of them.
Segments with_constants()
{
    auto spec = parse_builtin("checksum:in=64+32");
    static const Bytes constants(100, std::byte{7});
    spec->static_constants = constants;
    const auto built = build_container(*spec);
    EXPECT_TRUE(built);
    return unpack(*built);
}

std::string load_error(const Segments& parts, std::optional<std::uint64_t> split = std::nullopt)
{
    return error_of(load_exact(pack(parts, split)));
}

TEST(Program, GivesTheDriverEverything)
{
    const auto parts = with_constants();
    const auto bytes = pack(parts);
    const auto p = load_program(bytes, "dir/net.qpc");
    ASSERT_TRUE(p) << p.error().message();
    EXPECT_EQ(p->name, "dir/net.qpc");
    EXPECT_EQ(to_bytes(p->elf), parts.at("network.elf"));
    EXPECT_EQ(to_bytes(p->static_constants), Bytes(100, std::byte{7}));
    EXPECT_TRUE(p->dynamic_constants.empty());
    EXPECT_EQ(p->constants_desc.static_size, 100u);
    EXPECT_EQ(to_bytes(bytes_of(p->constants_desc)), parts.at("constantsdesc.bin"));
    EXPECT_EQ(p->network.inputs.size(), 2u);
    EXPECT_EQ(p->metadata.requests.size(), 3u);
    EXPECT_TRUE(p->warnings.empty());
    EXPECT_GE(p->elf.data(), bytes.data()); // a view, not a copy
    EXPECT_LT(p->elf.data(), bytes.data() + bytes.size());
}

TEST(Program, MissingSegmentsAreNamed)
{
    for (const char* name : {"constantsdesc.bin", "networkdesc.bin"}) {
        auto parts = with_constants();
        parts.erase(name);
        EXPECT_EQ(load_error(parts), fmt::format("E_FORMAT: net.qpc: segment {} is missing", name));
    }
    auto renamed = pack({{"network.elf", Bytes(4)}});
    renamed = patched(renamed, read_at<SegmentRecord>(renamed, 40)->name, 'x');
    EXPECT_EQ(error_of(load_exact(renamed)), "E_FORMAT: net.qpc: segment network.elf is missing");
}

TEST(Program, ConstantsMustAgreeInSizeSplitAndMetadata)
{
    auto parts = with_constants();
    EXPECT_NE(load_error(parts, 50).find(
                  "split point of constants.bin differs from the static size got=50 expected=100"),
              std::string::npos);
    parts["constants.bin"].resize(99);
    EXPECT_EQ(load_error(parts),
              "E_FORMAT: net.qpc: constantsdesc.bin: static + dynamic size differs from constants.bin "
              "got=100+0 expected=99 offset=0x0");
    parts.erase("constants.bin");
    EXPECT_NE(load_error(parts).find("differs from constants.bin got=100+0 expected=0"), std::string::npos);

    parts = with_constants();
    parts["constantsdesc.bin"] =
        patched(patched(parts["constantsdesc.bin"], 0, std::uint64_t{60}), 8, std::uint64_t{40});
    EXPECT_NE(load_error(parts, 60).find(
                  "sizes of constants differ between metadata and constantsdesc.bin got=100+0 "
                  "expected=60+40"),
              std::string::npos);
    parts["constantsdesc.bin"] = patched(parts["constantsdesc.bin"], 8, ~std::uint64_t{0});
    EXPECT_NE(load_error(parts, 60).find("static + dynamic size differs"), std::string::npos);
    parts["constantsdesc.bin"].resize(23);
    EXPECT_NE(load_error(parts).find("constantsdesc.bin: size got=23 expected=24"), std::string::npos);
}

TEST(Program, DynamicConstantsFollowTheSplit)
{
    auto parts = with_constants();
    auto elf = parse_elf(parts["network.elf"]);
    auto m = decode_metadata(elf->find("metadata_fb")->data);
    m->static_constants = 60;
    m->dynamic_constants = 40;
    m->constant_mappings[0].size = 60;
    const auto flat = encode_metadata(*m);
    const NewElfSection sections[] = {{"metadata", flat}};
    parts["network.elf"] = write_elf(sections);
    parts.erase("network.elf.crc");
    parts["constantsdesc.bin"] =
        patched(patched(parts["constantsdesc.bin"], 0, std::uint64_t{60}), 8, std::uint64_t{40});
    const auto bytes = pack(parts, 60);
    const auto p = load_program(bytes, "x");
    ASSERT_TRUE(p) << p.error().message();
    EXPECT_EQ(p->static_constants.size(), 60u);
    EXPECT_EQ(p->dynamic_constants.size(), 40u);
    EXPECT_EQ(p->dynamic_constants.data(), p->static_constants.data() + 60);
}

TEST(Program, ChecksumsAreUsedWhenPresent)
{
    auto parts = with_constants();
    parts["constants.bin"][5] ^= std::byte{1};
    EXPECT_NE(
        load_error(parts).find("constants.bin: checksum differs from constants.bin.crc (damaged file?)"),
        std::string::npos);
    parts.erase("constants.bin.crc");
    const auto bytes = pack(parts);
    const auto p = load_program(bytes, "x");
    ASSERT_TRUE(p) << p.error().message();
    ASSERT_EQ(p->warnings.size(), 1u);
    EXPECT_NE(p->warnings[0].find("constants.bin has no checksum"), std::string::npos);
    parts["network.elf.crc"].resize(3);
    EXPECT_NE(load_error(parts).find("network.elf.crc: shorter than a CRC got=3 limit=4"), std::string::npos);
    parts["network.elf.crc"] = Bytes(4); // zero: not used
    EXPECT_TRUE(load_exact(pack(parts)));
}

/// The program with changed metadata and descriptor, against each other.
std::string mismatch(const std::function<void(Metadata&)>& in_metadata,
                     const std::function<void(NetworkDesc&)>& in_desc)
{
    auto parts = with_constants();
    const auto elf = parse_elf(parts["network.elf"]);
    auto m = *decode_metadata(elf->find("metadata_fb")->data);
    auto d = *parse_network_desc(parts["networkdesc.bin"]);
    in_metadata(m);
    in_desc(d);
    const auto flat = encode_metadata(m);
    const NewElfSection sections[] = {{"metadata_fb", flat}};
    const auto new_elf = write_elf(sections);
    parts["network.elf"] = new_elf;
    parts["networkdesc.bin"] = *write_network_desc(d);
    parts.erase("network.elf.crc");
    return load_error(parts);
}

TEST(Program, RequestsMustFitTheBuffersOfTheDescriptor)
{
    const auto same = [](auto&) {};
    const auto expect = [](const std::string& error, const char* text) {
        EXPECT_NE(error.find(text), std::string::npos) << error << "\nexpected: " << text;
    };
    expect(mismatch([](Metadata& m) { m.requests[2].num = 7; }, same),
           "net.qpc: network.elf: dma_requests[2]: DMA buffer does not exist got=7 limit=3");
    expect(mismatch([](Metadata& m) { m.requests[0].host_offset = 1; }, same),
           "dma_requests[0]: outside DMA buffer 0 got=1+64 limit=64");
    expect(mismatch([](Metadata& m) { m.requests[0].host_offset = ~0ull; }, same),
           "dma_requests[0]: outside DMA buffer 0");
    expect(mismatch([](Metadata& m) { m.requests[1].from_card = true; }, same),
           "dma_requests[1]: direction differs from that of DMA buffer 1");
    expect(mismatch(same,
                    [](NetworkDesc& d) {
                        d.buffers.push_back({64, Direction::IN});
                    }),
           "number of DMA buffers differs between metadata and networkdesc.bin got=3 expected=4");
}

TEST(Program, MetadataProblemsNameTheSection)
{
    auto parts = with_constants();
    parts.erase("network.elf.crc");
    const Bytes junk(64, std::byte{0xff});
    const NewElfSection bad[] = {{"metadata_fb", junk}};
    parts["network.elf"] = write_elf(bad);
    EXPECT_NE(load_error(parts).find("net.qpc: network.elf: metadata_fb: metadata: not a valid flatbuffer"),
              std::string::npos);
    const NewElfSection none[] = {{"other", junk}};
    parts["network.elf"] = write_elf(none);
    EXPECT_EQ(load_error(parts),
              "E_FORMAT: net.qpc: network.elf: no section metadata_fb or metadata with data");
}

TEST(Program, NoSingleByteMakesItReadOutside)
{
    // Every byte of a container to three other values: AddressSanitizer watches, and a result is a result or
    // one line.
    const auto good = pack(with_constants());
    for (std::size_t at = 0; at < good.size(); ++at)
        for (const auto flip : {std::byte{0x01}, std::byte{0x80}, std::byte{0xff}}) {
            auto bad = good;
            bad[at] ^= flip;
            const auto r = load_exact(bad);
            ASSERT_TRUE(r || r.error().text.find('\n') == std::string::npos);
        }
}

TEST(Program, RandomDamageMakesItReadNowhereOutside)
{
    std::mt19937_64 random(20240607);
    const std::vector<Bytes> seeds{pack(with_constants()), builtin("echo:in=64+1KiB"),
                                   heap_style(with_constants(), 1u << 30)};
    std::size_t refused = 0;
    for (int round = 0; round < 20000; ++round) {
        auto b = seeds[random() % seeds.size()];
        for (auto n = 1 + random() % 6; n > 0; --n) {
            const auto at = random() % b.size();
            switch (random() % 4) {
            case 0: b[at] = static_cast<std::byte>(random()); break;
            case 1: // an interesting 64-bit value where the structures are
                if (at + 8 <= b.size())
                    b = patched(b, at / 8 * 8, random() % 2 ? ~0ull >> random() % 64 : b.size());
                break;
            case 2: b.erase(b.begin() + static_cast<std::ptrdiff_t>(at)); break;
            default:
                b.insert(b.begin() + static_cast<std::ptrdiff_t>(at), static_cast<std::byte>(random()));
                break;
            }
        }
        refused += load_exact(b) ? 0 : 1;
    }
    EXPECT_GT(refused, 15000u); // the damage did reach the checks
}

TEST(Program, BombsCostNoMoreThanTwiceTheFileAndSixteenMebibytes)
{
    auto parts = with_constants();
    parts.erase("network.elf.crc");
    auto& desc = parts["networkdesc.bin"];
    const auto original = desc;
    const auto repeat = [&](std::string_view hex, std::size_t times) {
        desc = original;
        const auto unit = from_hex(hex);
        for (std::size_t i = 0; i < times; ++i) desc.insert(desc.end(), unit.begin(), unit.end());
    };
    const auto expect_bounded = [&](const char* what) {
        const auto file = pack(parts);
        const auto begin = std::clock(); // processor time: a busy machine is not a slow parser
        AllocPeak peak;
        const auto r = load_program(file, "bomb");
        EXPECT_LE(peak.bytes(), 2 * file.size() + (16u << 20)) << what;
        EXPECT_LT(std::clock() - begin, 5 * CLOCKS_PER_SEC) << what;
        (void)r;
    };
    repeat("2200", 32000); // empty bindings
    expect_bounded("bindings");
    repeat("6a00", 32000); // empty strings
    expect_bounded("strings");
    repeat("62046202 6a00", 20000); // nested messages in stats
    expect_bounded("stats");
    repeat("5080", 1), desc.push_back(std::byte{1}); // one number, then 200,000 of them packed
    const auto packed = from_hex("52c09a0c");
    desc.insert(desc.end(), packed.begin(), packed.end());
    desc.resize(desc.size() + 200000);
    expect_bounded("numbers");
    desc = original;

    Metadata m = *decode_metadata(parse_elf(parts["network.elf"])->find("metadata_fb")->data);
    m.requests[0].doorbells.assign(64, m.requests[0].doorbells[0]);
    for (int i = 0; i < 1000; ++i) m.requests.insert(m.requests.begin(), m.requests[0]);
    const auto flat = encode_metadata(m);
    const NewElfSection sections[] = {{"metadata_fb", flat}};
    parts["network.elf"] = write_elf(sections);
    expect_bounded("requests");
}

} // namespace
} // namespace qpc::samples
