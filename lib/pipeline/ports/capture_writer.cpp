// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/ports/capture_writer.hpp"
#include <cstdio>
#include <cstring>
#include <pcap/pcap.h>

namespace pipeline::ports {

namespace {
constexpr std::size_t BUFFER = std::size_t{1} << 20;
constexpr std::uint64_t RECORD_HEADER = 16;
constexpr int SNAP = 262144;
} // namespace

Result<std::unique_ptr<CaptureWriter>> CaptureWriter::open(const std::filesystem::path& path,
                                                           std::uint64_t limit)
{
    std::FILE* const file = std::fopen(path.c_str(), "wbe");
    if (file == nullptr)
        return fail(Code::E_INVAL, "{}: cannot be written: {}", path.string(), std::strerror(errno));
    std::setvbuf(file, nullptr, _IOFBF, BUFFER);
    const std::unique_ptr<pcap_t, decltype(&pcap_close)> kind(
        pcap_open_dead_with_tstamp_precision(DLT_EN10MB, SNAP, PCAP_TSTAMP_PRECISION_NANO), &pcap_close);
    pcap_dumper_t* const dumper = kind ? pcap_dump_fopen(kind.get(), file) : nullptr;
    if (dumper == nullptr) {
        std::fclose(file);
        return fail(Code::E_INVAL, "{}: libpcap: {}", path.string(),
                    kind ? pcap_geterr(kind.get()) : "out of memory");
    }
    return std::unique_ptr<CaptureWriter>(new CaptureWriter(path.string(), dumper, limit));
}

CaptureWriter::~CaptureWriter() { pcap_dump_close(file_); }

// pcap_dump() says nothing; the stream below remembers.
bool CaptureWriter::failed()
{
    if (errno_ != 0) return true;
    if (std::ferror(pcap_dump_file(file_)) == 0) return false;
    errno_ = errno != 0 ? errno : EIO;
    return true;
}

CaptureWriter::Wrote CaptureWriter::write(std::uint64_t ns, std::span<const std::byte> packet)
{
    if (errno_ != 0) return Wrote::ERROR;
    const auto more = RECORD_HEADER + packet.size();
    if (limit_ != 0 && bytes_ + more > limit_) return Wrote::FULL;
    pcap_pkthdr header{};
    header.ts.tv_sec = static_cast<time_t>(ns / 1'000'000'000u);
    header.ts.tv_usec = static_cast<suseconds_t>(ns % 1'000'000'000u); // nanoseconds: as the file was opened
    header.caplen = header.len = static_cast<bpf_u_int32>(packet.size());
    errno = 0;
    pcap_dump(reinterpret_cast<u_char*>(file_), &header, reinterpret_cast<const u_char*>(packet.data()));
    bytes_ += more;
    return failed() ? Wrote::ERROR : Wrote::YES;
}

Result<void> CaptureWriter::flush()
{
    errno = 0;
    if (errno_ == 0 && pcap_dump_flush(file_) != 0) errno_ = errno != 0 ? errno : EIO;
    if (!failed()) return {};
    return fail(Code::E_LIMIT, "{}: not all of {} bytes could be written: {}; the file is incomplete", path_,
                bytes_, std::strerror(errno_));
}

} // namespace pipeline::ports
