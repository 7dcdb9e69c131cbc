// SPDX-License-Identifier: BSD-3-Clause
// Files in and out: read once into private memory, written whole or not at all.
#pragma once
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "qpc/limits.hpp"
#include <memory>
#include <string>

namespace qpc {
using namespace qaic;

/// The bytes of a file in memory of their own; moving it does not move the bytes.
class FileBytes {
  public:
    FileBytes() = default;
    FileBytes(std::unique_ptr<std::byte[]> data, std::size_t size) : data_(std::move(data)), size_(size) {}
    [[nodiscard]] ConstSpan span() const noexcept { return {data_.get(), size_}; }

  private:
    std::unique_ptr<std::byte[]> data_;
    std::size_t size_ = 0;
};

/// Reads a regular file of at most `limit` bytes. Never blocks on a FIFO; a file that grows or shrinks while
/// it is read is refused. Errors name the path: E_INVAL (no such file, not a regular file), E_LIMIT, E_NOMEM,
/// E_FORMAT.
Result<FileBytes> read_file(const std::string& path, std::uint64_t limit = limits::file);

/// Writes a file beside the target and renames it into place, so that `path` holds the old content or all of
/// the new. Refuses a target that exists and is not a regular file.
Result<void> write_file(const std::string& path, ConstSpan content);

} // namespace qpc
