// SPDX-License-Identifier: BSD-3-Clause
// Builds a whole container for the emulated card from a short description of the program.
#pragma once
#include "qpc/nsp_image.hpp"

namespace qpc {

struct TensorSpec {
    std::string name; ///< 1..63 characters
    DataType type = DataType::FLOAT32;
    std::vector<std::uint32_t> dims; ///< at most 8, none zero
};

/// Where inputs and outputs lie on the card.
enum class Placement { DDR, VTCM };

struct ProgramSpec {
    std::string name; ///< of the network, not empty
    aic100::NspKind kind = aic100::NspKind::BUILTIN;
    aic100::NspBuiltin builtin = aic100::NspBuiltin::NONE;
    std::vector<TensorSpec> inputs, outputs; ///< at least one of each; together at most 280
    Placement placement = Placement::DDR;
    /// Output i at the address of input i: the program works in place. Only with DDR and equal sizes.
    bool in_place = false;
    unsigned nsps = 1; ///< reserved for it, 1..16. One NSP (virtual 0) receives inputs and produces outputs.
    std::uint64_t arg0 = 0, arg1 = 0;
    ConstSpan static_constants; ///< for ONNX the file itself; may be empty
};

/// The container's bytes. Each tensor is a DMA buffer of its own. What comes out has been loaded again with
/// load_program() and was accepted. E_INVAL names the tensor or value that does not fit, with the remedy.
Result<Bytes> build_container(const ProgramSpec& spec);

} // namespace qpc
