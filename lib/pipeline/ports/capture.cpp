// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/ports/capture.hpp"
#include <algorithm>
#include <memory>
#include <pcap/pcap.h>

namespace pipeline::ports {

namespace {

using Reader = std::unique_ptr<pcap_t, decltype(&pcap_close)>;

Result<Reader> open_reader(const std::string& path)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    Reader reader(pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, why),
                  &pcap_close);
    if (!reader)
        return fail(Code::E_INVAL, "{}", std::string_view(why).find(path) == 0 ? why : path + ": " + why);
    const int link = pcap_datalink(reader.get());
    if (link == DLT_EN10MB) return reader;
    const char* const name = pcap_datalink_val_to_name(link);
    return fail(Code::E_INVAL, "{}: its packets are of link type {} ({}), only Ethernet is read", path, link,
                name != nullptr ? name : "unknown");
}

Result<void> append(Capture& c, const pcap_pkthdr& h, const u_char* bytes, const CaptureLimits& limits)
{
    if (h.caplen > limits.record)
        return fail(Code::E_LIMIT, "has {} bytes, an item holds {} at most", h.caplen, limits.record);
    if (c.data.size() + h.caplen > limits.bytes)
        return fail(Code::E_LIMIT, "is where the capture exceeds {} bytes; split it (editcap -c)",
                    limits.bytes);
    // Times before 1970 or beyond 64 bits of nanoseconds are no times.
    constexpr std::int64_t most_seconds = 18'000'000'000;
    if (h.ts.tv_sec < 0 || h.ts.tv_sec > most_seconds || h.ts.tv_usec < 0 || h.ts.tv_usec >= 1'000'000'000)
        return fail(Code::E_FORMAT, "has an impossible time ({} s, {} ns)", h.ts.tv_sec, h.ts.tv_usec);
    const auto ns =
        static_cast<std::uint64_t>(h.ts.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(h.ts.tv_usec);
    c.records.push_back({c.data.size(), h.caplen, ns});
    const auto* const from = reinterpret_cast<const std::byte*>(bytes);
    c.data.insert(c.data.end(), from, from + h.caplen);
    c.largest = std::max(c.largest, h.caplen);
    return {};
}

} // namespace

Result<Capture> load_capture(const std::filesystem::path& path, const CaptureLimits& limits)
{
    QAIC_TRY(const auto reader, open_reader(path.string()));
    Capture c;
    for (;;) {
        pcap_pkthdr* header = nullptr;
        const u_char* bytes = nullptr;
        const int got = pcap_next_ex(reader.get(), &header, &bytes);
        if (got == PCAP_ERROR_BREAK) break; // the end
        const auto where = fmt::format("{}: packet {}", path.string(), c.records.size() + 1);
        if (got != 1) return fail(Code::E_FORMAT, "{}: {}", where, pcap_geterr(reader.get()));
        if (auto added = append(c, *header, bytes, limits); !added) return fail_at(where, added.error());
    }
    if (c.records.empty()) return c;
    const auto [low, high] = std::minmax_element(c.records.begin(), c.records.end(),
                                                 [](const auto& a, const auto& b) { return a.ns < b.ns; });
    c.span_ns = high->ns - low->ns;
    return c;
}

} // namespace pipeline::ports
