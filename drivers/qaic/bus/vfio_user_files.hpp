// SPDX-License-Identifier: BSD-3-Clause
// Which file is behind an address of this process: what memory needs to be shared with another one.
#pragma once
#include "qaic/bus/vfio_user_socket.hpp"

namespace qaic::vfu {

/// Part of a memory range with the file behind it.
struct FilePiece {
    std::byte* va = nullptr;
    std::uint64_t bytes = 0;
    Fd file;                  ///< readable and writable
    std::uint64_t offset = 0; ///< of `va` in it
};

/// The pieces of [va, va + bytes) in ascending order, without gaps. E_IOVA when a byte is not mapped, is
/// private to this process, or its file cannot be had; the line says what memory would do. Reads /proc/self:
/// control threads only.
[[nodiscard]] Result<std::vector<FilePiece>> files_behind(const void* va, std::uint64_t bytes);

} // namespace qaic::vfu
