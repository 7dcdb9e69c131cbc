// SPDX-License-Identifier: BSD-3-Clause
// Capture files made and read back by libpcap itself, not by what is tested.
#pragma once
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <memory>
#include <pcap/pcap.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace capture_files {

struct Packet {
    std::uint64_t ns = 0;
    std::vector<std::uint8_t> bytes;
    std::uint32_t original = 0; ///< its length before it was cut; 0: as many as bytes
    bool operator==(const Packet& o) const { return ns == o.ns && bytes == o.bytes; }
};

/// A folder of its own, gone with the object.
class Folder {
  public:
    Folder()
    {
        std::string name = (std::filesystem::temp_directory_path() / "qaic-ports-XXXXXX").string();
        if (::mkdtemp(name.data()) != nullptr) path_ = name;
    }
    ~Folder()
    {
        std::error_code none;
        std::filesystem::remove_all(path_, none);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }
    [[nodiscard]] std::string str() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

/// n packets of 60 to 60 + spread bytes, 1 us apart; bytes tell the packet's number.
inline std::vector<Packet> some_packets(std::size_t n, std::size_t spread = 900)
{
    std::vector<Packet> out;
    for (std::size_t i = 0; i < n; ++i) {
        Packet p{1'700'000'000'000'000'000u + 1000u * i, std::vector<std::uint8_t>(60 + i * 37 % spread), 0};
        for (std::size_t k = 0; k < p.bytes.size(); ++k) p.bytes[k] = static_cast<std::uint8_t>(i + k * 7);
        out.push_back(std::move(p));
    }
    return out;
}

inline void write(const std::string& path, const std::vector<Packet>& packets, int link = DLT_EN10MB)
{
    const std::unique_ptr<pcap_t, decltype(&pcap_close)> kind(
        pcap_open_dead_with_tstamp_precision(link, 262144, PCAP_TSTAMP_PRECISION_NANO), &pcap_close);
    pcap_dumper_t* const file = pcap_dump_open(kind.get(), path.c_str());
    ASSERT_NE(file, nullptr) << path;
    for (const auto& p : packets) {
        pcap_pkthdr h{};
        h.ts.tv_sec = static_cast<time_t>(p.ns / 1'000'000'000u);
        h.ts.tv_usec = static_cast<suseconds_t>(p.ns % 1'000'000'000u);
        h.caplen = static_cast<bpf_u_int32>(p.bytes.size());
        h.len = p.original != 0 ? p.original : h.caplen;
        pcap_dump(reinterpret_cast<u_char*>(file), &h, p.bytes.data());
    }
    pcap_dump_close(file);
}

inline std::vector<Packet> read(const std::string& path)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    const std::unique_ptr<pcap_t, decltype(&pcap_close)> file(
        pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, why), &pcap_close);
    EXPECT_NE(file, nullptr) << why;
    std::vector<Packet> out;
    pcap_pkthdr* h = nullptr;
    const u_char* bytes = nullptr;
    while (file && pcap_next_ex(file.get(), &h, &bytes) == 1) {
        const auto ns = static_cast<std::uint64_t>(h->ts.tv_sec) * 1'000'000'000u +
                        static_cast<std::uint64_t>(h->ts.tv_usec);
        out.push_back({ns, {bytes, bytes + h->caplen}, h->len});
    }
    return out;
}

inline std::vector<std::uint8_t> file_bytes(const std::string& path)
{
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline void put_bytes(const std::string& path, const std::vector<std::uint8_t>& bytes)
{
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

} // namespace capture_files
