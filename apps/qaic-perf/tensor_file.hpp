// SPDX-License-Identifier: BSD-3-Clause
// Files of raw tensors lying one after the other, without header or padding.
#pragma once
#include "base/bytes.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <string>

namespace qaic::perf {

/// Largest file this tool reads: 4 GiB.
inline constexpr std::uint64_t max_file_bytes = 4ULL << 30;

/// A whole regular file. E_INVAL: cannot be opened or is no regular file; E_LIMIT: larger than
/// `limit`; E_FORMAT: empty, or changed size while being read. The path is in the text.
Result<Bytes> read_file(const std::string& path, std::uint64_t limit = max_file_bytes);

struct TensorFile {
    std::string path;
    Bytes data;
    std::uint64_t tensor_bytes = 0;
    std::uint64_t count = 0;
    [[nodiscard]] ConstSpan tensor(std::uint64_t i) const
    {
        return ConstSpan(data).subspan(i * tensor_bytes, tensor_bytes);
    }
};

/// Cuts the bytes of a file into tensors of `tensor_bytes` > 0 each. E_FORMAT unless it is a whole number of
/// them; `what` names one in the error text ("input image 1x1x8x8 FP32 as float32").
Result<TensorFile> as_tensors(const std::string& path, Bytes data, std::uint64_t tensor_bytes,
                              const std::string& what);
/// As above, and E_FORMAT unless it is as many as the file `other` holds.
Result<TensorFile> as_tensors_like(const std::string& path, Bytes data, std::uint64_t tensor_bytes,
                                   const std::string& what, const TensorFile& other);

} // namespace qaic::perf
