// SPDX-License-Identifier: BSD-3-Clause
// A file that a sink writes: a buffer of 64 KiB, written when it is full and at the end. After the first
// write that fails nothing more is taken: a file with a hole looks whole.
#pragma once
#include "pipeline/stage_of.hpp"
#include <vector>

namespace pipeline {

class FileOut {
  public:
    static constexpr std::size_t buffer_bytes = std::size_t{64} * 1024;

    /// Option `path`; "-" is standard output where `or_stdout`. The file is emptied, or made, unless the
    /// pipeline is only checked (no pool): then only the folder is looked at. Several replicas may have one
    /// file: each write() appends, and holds whole put()s. E_INVAL at the option's place.
    static Result<std::unique_ptr<FileOut>> make(const qaic_pipe_setup& setup, bool or_stdout);
    FileOut() = default;
    FileOut(const FileOut&) = delete;
    FileOut& operator=(const FileOut&) = delete;
    ~FileOut();

    /// All of `bytes` or nothing; false once a write has failed. May write. HOT
    [[nodiscard]] bool put(std::span<const char> bytes) noexcept
    {
        if (bytes.size() > buffer_bytes - used_ && !flush()) return false;
        if (bytes.size() > buffer_bytes) return write_all(bytes);
        if (errno_ != 0) return false;
        if (!bytes.empty()) std::memcpy(buffer_.data() + used_, bytes.data(), bytes.size());
        used_ += bytes.size();
        return true;
    }
    /// What is buffered goes out. E_INVAL: this write, or one before, failed.
    Result<void> finish();

  private:
    bool flush() noexcept;
    bool write_all(std::span<const char> bytes) noexcept;

    int fd_ = -1;
    bool owned_ = false;
    int errno_ = 0; ///< of the first write that failed
    std::size_t used_ = 0;
    std::vector<char> buffer_;
    std::string name_;
};

} // namespace pipeline
