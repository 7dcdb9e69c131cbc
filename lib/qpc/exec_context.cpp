// SPDX-License-Identifier: BSD-3-Clause
#include "qpc/exec_context.hpp"
#include "aic_metadata_generated.h"
#include <array>

namespace qpc {
namespace {
namespace fb = aic100::meta;

struct Variable {
    std::uint8_t size;
    std::uint16_t offset;
};
/// Index = variable number of 7.3; size and offset of 7.2.
constexpr std::array<Variable, 33> variables{{
    {2, 0},
    {2, 2}, // version
    {1, 4},
    {4, 8},
    {4, 12},
    {4, 16},
    {4, 20},
    {4, 24}, // NSP id, L2TCM, VTCM, constants, DDR, cached
             // DDR
    {4, 28},
    {8, 32},
    {4, 40},
    {4, 44},
    {4, 48},
    {4, 52}, // MCIDs, start time, log, exit, set PMU, fatal
    {4, 56},
    {4, 60},
    {4, 64},
    {4, 68},
    {4, 72},
    {4, 76}, // hang, uDMA read, mmap, munmap, trace, read
             // PMU
    {4, 80},
    {4, 84},
    {4, 88},
    {8, 96},
    {4, 104}, // DDR bandwidth, semaphores, heap and size, MCID
    {4, 108},
    {4, 112},
    {4, 116},
    {4, 120},
    {4, 124},
    {4, 128},
    {4, 132}, // dl*
    {4, 136}, // UTC offset
}};
constexpr std::uint32_t context_bytes = 140; ///< without tail padding, as the vendor writes it

} // namespace

Bytes encode_exec_context()
{
    flatbuffers::FlatBufferBuilder b;
    b.ForceDefaults(true);
    std::vector<flatbuffers::Offset<fb::ExecContextField>> fields;
    for (std::uint32_t i = 0; i < variables.size(); ++i)
        fields.push_back(fb::CreateExecContextField(b, i, variables[i].size, variables[i].offset, 0));
    const auto list = b.CreateVector(fields);
    b.Finish(fb::CreateExecContext(b, context_bytes, list));
    const auto bytes = std::as_bytes(std::span(b.GetBufferPointer(), b.GetSize()));
    return {bytes.begin(), bytes.end()};
}

} // namespace qpc
