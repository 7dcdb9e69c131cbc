// SPDX-License-Identifier: BSD-3-Clause
#include "stages.hpp"
#include "pipeline/registry.hpp"

namespace test {

namespace {
constexpr const char* numbers_options[] = {"items", "bytes", nullptr};
constexpr const char* work_options[] = {"work_ns", "drop_each", nullptr};
constexpr const char* work_reasons[] = {"unlucky", nullptr};
constexpr qaic_pipe_stage stages[] = {
    stage_of<Numbers>("numbers", QAIC_PIPE_SOURCE, numbers_options, nullptr),
    stage_of<Work>("work", QAIC_PIPE_SHAPE, work_options, work_reasons),
    stage_of<Keep>("keep", QAIC_PIPE_SHAPE, nullptr, nullptr),
    stage_of<Seen>("seen", QAIC_PIPE_SINK, nullptr, nullptr),
};
} // namespace

void register_stages()
{
    for (const auto& s : stages)
        if (qaic_pipe_register(&s) != 0) std::abort();
}

} // namespace test
