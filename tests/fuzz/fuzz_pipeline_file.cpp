// SPDX-License-Identifier: BSD-3-Clause
// Arbitrary bytes as a pipeline file: what is accepted hangs together, what is not has one line. Seeds
// (corpus/fuzz_pipeline_file): a small pipeline, and some that are not quite.
#include "pipeline/spec.hpp"
#include <algorithm>
#include <bit>
#include <cstdlib>

namespace {
constexpr std::string_view some_options[] = {"model", "rate"};
constexpr pipeline::Kind kinds[] = {{"generator", pipeline::Role::SOURCE, some_options},
                                    {"infer", pipeline::Role::SHAPE, some_options},
                                    {"null", pipeline::Role::SINK, {}}};

bool hangs_together(const pipeline::PipelineSpec& p)
{
    for (const auto& l : p.links) {
        const auto *from = p.stage(l.from), *to = p.stage(l.to);
        if (from == nullptr || to == nullptr || from >= to || !std::has_single_bit(l.depth)) return false;
    }
    return !p.name.empty() && std::all_of(p.stages.begin(), p.stages.end(), [](const auto& s) {
        return s.replicas >= 1 && s.wish.stage == s.name && !s.wish.links.empty();
    });
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto p = pipeline::parse_pipeline({reinterpret_cast<const char*>(data), size}, "p.toml", kinds);
    if (p) {
        if (!hangs_together(*p)) std::abort();
        return 0;
    }
    const auto& text = p.error().text;
    if (text.empty() || text.size() > 4096 || text.find('\n') != std::string::npos) std::abort();
    return 0;
}
