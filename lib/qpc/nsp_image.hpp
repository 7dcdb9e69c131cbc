// SPDX-License-Identifier: BSD-3-Clause
// The program of an emulated NSP as the tools see it: section .qaic.nsp of network.elf
// (aic100/wire/nsp_program.hpp).
#pragma once
#include "aic100/wire/nsp_program.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "qpc/network_desc.hpp"

namespace qpc {
using namespace qaic;

/// A tensor and where the program finds it.
struct NspTensorInfo {
    std::string name;
    DataType type = DataType::FLOAT32;
    std::vector<std::uint32_t> dims; ///< at most aic100::nsp_max_dims
    aic100::NspSpace space = aic100::NspSpace::DDR;
    std::uint32_t doorbell = 0; ///< index of its doorbell word
    std::uint64_t offset = 0;   ///< in the space
    std::uint64_t size = 0;     ///< bytes
};

struct NspImage {
    aic100::NspKind kind = aic100::NspKind::BUILTIN;
    aic100::NspBuiltin builtin = aic100::NspBuiltin::NONE;
    std::vector<NspTensorInfo> inputs, outputs;
    std::uint64_t arg0 = 0, arg1 = 0;
};

/// Bytes of the section. E_INVAL when a name or the number of dims does not fit the record.
Result<Bytes> encode_nsp_image(const NspImage& image);
/// The reverse, for display; E_FORMAT when it is not such a program or is cut short.
Result<NspImage> decode_nsp_image(ConstSpan section);

/// "echo", "checksum", "scale", "wait"; "?" otherwise.
[[nodiscard]] std::string_view builtin_name(aic100::NspBuiltin builtin) noexcept;
/// "L2TCM", "VTCM", "DDR"; "?" otherwise.
[[nodiscard]] std::string_view space_name(aic100::NspSpace space) noexcept;

} // namespace qpc
