// SPDX-License-Identifier: BSD-3-Clause
// A look over protobuf bytes before protobuf itself parses them. An empty message costs two bytes in a file
// and a hundred in memory; this walk bounds what parsing can cost (reliability.md F05, F06) and knows byte
// offsets, which protobuf's own errors do not.
#pragma once
#include "base/bytes.hpp"
#include "base/result.hpp"

namespace qpc {
using namespace qaic;

enum class PbKind : std::uint8_t {
    MESSAGE, ///< walked into, counted as an object
    STRING,  ///< a repeated string or bytes, counted as an object
    NUMBERS, ///< a repeated number, packed or not: elements are counted
};

/// One field that matters to memory; every other field is skipped by its length.
struct PbField {
    std::uint8_t message; ///< in which message, our own numbering
    std::uint32_t number;
    PbKind kind;
    std::uint8_t child = 0; ///< for MESSAGE: which message it is
};

/// Walks `bytes` as message `root` of the schema. E_FORMAT with the byte offset for broken wire format, more
/// than limits::pb_objects objects, limits::pb_scalars numbers or limits::pb_depth levels.
Result<void> scan_protobuf(ConstSpan bytes, std::span<const PbField> schema, std::uint8_t root);

} // namespace qpc
