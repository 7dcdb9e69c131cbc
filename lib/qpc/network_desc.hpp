// SPDX-License-Identifier: BSD-3-Clause
// Network descriptor (segment networkdesc.bin): the tensors a user sees, and where each lies in which DMA
// buffer. aic100-workload.md 2. Only programs whose host work is one copy per tensor are accepted, as by the
// vendor's open runtime (2.4).
#pragma once
#include "base/bytes.hpp"
#include "base/result.hpp"
#include <string>
#include <vector>

namespace qpc {
using namespace qaic;

/// Element types, numbered as in the file.
enum class DataType : std::uint8_t {
    FLOAT32,
    FLOAT16,
    INT8_Q,
    UINT8_Q,
    INT16_Q,
    INT32_Q,
    INT32,
    INT64,
    INT8,
};
inline constexpr unsigned data_types = 9;
/// Bytes of one element.
[[nodiscard]] unsigned element_bytes(DataType type) noexcept;
/// Name as users write and see it: "float32", "int8q" ...
[[nodiscard]] std::string_view data_type_name(DataType type) noexcept;

enum class Direction : std::uint8_t { IN, OUT }; ///< IN: host to card

/// One user-visible tensor.
struct Binding {
    std::string name;
    DataType type = DataType::FLOAT32;
    std::vector<std::uint32_t> dims; ///< 0 (scalar) to 8 of them, none zero
    float qscale = 0;                ///< real = qscale * (q - qoffset), for the *_Q types
    std::int32_t qoffset = 0;
    std::uint64_t bytes = 0;  ///< product of dims * element size, <= 4 GiB - 1
    std::uint32_t buffer = 0; ///< index into NetworkDesc::buffers
    std::uint32_t offset = 0; ///< in that buffer; offset + bytes fits
    bool partial = false;     ///< fewer bytes may be supplied
    std::uint32_t align =
        1; ///< of a partial payload, >= 1; 0 when writing an output, where it has no meaning
};

struct DmaBuffer {
    std::uint32_t size = 0; ///< bytes
    Direction direction = Direction::IN;
};

struct NetworkDesc {
    std::uint32_t version_major = 9, version_minor = 0;
    std::string name;
    std::vector<Binding> inputs, outputs; ///< user order: all inputs, then all outputs
    std::vector<DmaBuffer> buffers;       ///< index = `num` of the metadata's DMA requests
    std::uint32_t cores = 1, threads = 4, hvx_threads = 4;
    std::int32_t batch = 1;
    std::size_t allowed_shapes = 0; ///< > 0: the program takes several tuples of shapes
    bool has_output_crc = false;    ///< end-to-end CRC of outputs (safety products)
};

/// Parses and checks. E_FORMAT, or E_UNSUPP for a transform other than one copy; the text names the tensor.
Result<NetworkDesc> parse_network_desc(ConstSpan bytes);

/// Writes the descriptor as the vendor's compiler does (2.5). dims, type, buffer, offset, partial and align
/// of each binding and the buffers are taken as they are; `bytes` is not written.
Result<Bytes> write_network_desc(const NetworkDesc& desc);

} // namespace qpc
