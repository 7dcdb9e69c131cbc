// SPDX-License-Identifier: BSD-3-Clause
// A plugin with kinds that are known and never run: for what qaic-pipe does without running anything.
#include "pipeline/stage.h"

namespace {

void* none(const qaic_pipe_setup*, char*, std::size_t) { return nullptr; }
uint16_t nothing(void*, rte_mbuf**, uint16_t, uint8_t*) { return 0; }
void forget(void*) {}

constexpr const char* options[] = {"model", "rate", nullptr};
constexpr qaic_pipe_stage kind(const char* name, qaic_pipe_role role)
{
    qaic_pipe_stage t{};
    t.abi = QAIC_PIPE_ABI, t.kind = name, t.role = role, t.options = options;
    t.create = none, t.run = nothing, t.destroy = forget;
    return t;
}

constexpr qaic_pipe_stage comes = kind("test-source", QAIC_PIPE_SOURCE);
constexpr qaic_pipe_stage works = kind("test-shape", QAIC_PIPE_SHAPE);
constexpr qaic_pipe_stage goes = kind("test-sink", QAIC_PIPE_SINK);

QAIC_PIPE_REGISTER(comes)
QAIC_PIPE_REGISTER(works)
QAIC_PIPE_REGISTER(goes)

} // namespace
