// SPDX-License-Identifier: BSD-3-Clause
// The JSON configuration of an NSP program, as the vendor's compiler takes it: NSPs, threads and buffers.
// aic100-workload.md 7.7
#pragma once
#include "aic100/wire/nsp_program.hpp"
#include "qpc/network_desc.hpp"

namespace qpc {

struct BufferConfig {
    DataType type = DataType::FLOAT32;
    std::vector<std::uint32_t> dims; ///< none zero
    std::uint64_t dev_offset = 0;    ///< in the memory, or in the multicast window
    std::uint64_t base_offset = 0;   ///< where the window lands, multiple of 4096; on-chip memory only
    aic100::NspSpace space = aic100::NspSpace::L2TCM;
    bool in_fence = false, out_fence = false;
    std::uint32_t nsp_mask = 0; ///< NSPs that have it, not 0
    bool no_doorbell = false, allow_partial = false;
    std::uint32_t bytes = 0; ///< of dims and type
};

struct ProgramConfig {
    std::string name; ///< may be empty
    unsigned nsps = 1;
    unsigned threads = 4, hmx_threads = 0; ///< per NSP; threads counts all
    std::uint64_t heap = 0;
    bool single_vtcm_page = false;
    std::vector<BufferConfig> inputs, outputs, internals;
};

/// Reads the file's text: JSON as protobuf reads it, so a lone value may stand for an array of one, and
/// commas before a closing bracket pass. Unknown keys, values out of range and buffers that break a rule
/// of 7.7 are E_INVAL, with the place and the limit.
Result<ProgramConfig> parse_program_config(std::string_view text);

} // namespace qpc
