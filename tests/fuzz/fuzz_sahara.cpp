// SPDX-License-Identifier: BSD-3-Clause
// Packets of a hostile SBL. Input: packets, each behind a 16-bit length. Replies stay within the file and
// within four times its size.
#include "qaic/boot/sahara.hpp"
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace {
using namespace qaic;

constexpr std::size_t image_bytes = 4096;

boot::FirmwareSet& firmware()
{
    static boot::FirmwareSet set = [] {
        std::string dir = (std::filesystem::temp_directory_path() / "qaic_fuzz_XXXXXX").string();
        if (::mkdtemp(dir.data()) == nullptr) std::abort();
        for (const char* name : {"fw1.bin", "fw2.bin"})
            std::ofstream(dir + "/" + name, std::ios::binary) << std::string(image_bytes, 'q');
        boot::FirmwareSet loaded({dir});
        // Read now: the set keeps its images, the files may go.
        if (!loaded.get("fw1.bin") || !loaded.get("fw2.bin")) std::abort();
        std::filesystem::remove_all(dir);
        return loaded;
    }();
    return set;
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::uint64_t sent = 0;
    boot::Sahara sahara(firmware(), [&](ConstSpan reply) -> Result<void> {
        if (reply.empty() || reply.size() > image_bytes) std::abort();
        sent += reply.size();
        return {};
    });
    const auto input = std::as_bytes(std::span(data, size));
    std::uint64_t packets = 0;
    for (std::size_t at = 0; at + 2 <= input.size();) {
        const std::size_t wanted = read_at<le16>(input, at)->get();
        at += 2;
        const auto packet = input.subspan(at, std::min(wanted, input.size() - at));
        at += packet.size();
        ++packets;
        if (!sahara.handle(packet)) break; // a boot ends at the first error
    }
    // Two images, four times each; every packet at most one short reply besides.
    if (sent > 2 * 4 * image_bytes + packets * 0x30) std::abort();
    if (sahara.bytes_served() > 2 * 4 * image_bytes) std::abort();
    return 0;
}
