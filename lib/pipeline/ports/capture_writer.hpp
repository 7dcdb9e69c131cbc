// SPDX-License-Identifier: BSD-3-Clause
// A capture file with nanoseconds, being written. No DPDK.
#pragma once
#include "base/result.hpp"
#include <filesystem>
#include <memory>
#include <span>

struct pcap_dumper;

namespace pipeline::ports {
using namespace qaic;

/// One thread. Buffers 1 MiB; writes when that is full.
class CaptureWriter {
  public:
    enum class Wrote { YES, FULL, ERROR }; ///< FULL: the limit of bytes; ERROR: from then on always

    /// Makes the file, or empties it. E_INVAL: cannot. `limit` in bytes of the whole file, 0: none.
    static Result<std::unique_ptr<CaptureWriter>> open(const std::filesystem::path& path,
                                                       std::uint64_t limit);
    ~CaptureWriter();
    CaptureWriter(const CaptureWriter&) = delete;
    CaptureWriter& operator=(const CaptureWriter&) = delete;

    Wrote write(std::uint64_t ns, std::span<const std::byte> packet);
    /// Writes what is buffered. E_LIMIT: the disk (or what else the system says) took not all of it; the file
    /// is incomplete then.
    Result<void> flush();

    [[nodiscard]] std::uint64_t bytes() const { return bytes_; } ///< of the file, buffered ones too

  private:
    CaptureWriter(std::string path, pcap_dumper* file, std::uint64_t limit)
        : path_(std::move(path)), file_(file), limit_(limit)
    {}
    bool failed();

    std::string path_;
    pcap_dumper* file_;
    std::uint64_t limit_, bytes_ = 24; ///< the file's header
    int errno_ = 0;                    ///< of the first write that failed
};

} // namespace pipeline::ports
