// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/registry.hpp"
#include <algorithm>
#include <cerrno>
#include <deque>
#include <dlfcn.h>

namespace pipeline {

namespace {

struct Registry {
    std::vector<const qaic_pipe_stage*> stages;
    std::deque<std::vector<std::string_view>> option_names; ///< what the kinds' spans point into
    std::vector<Kind> kinds;
};

/// Made by the first who asks: constructors of other files come before those of this one.
Registry& registry()
{
    static Registry r;
    return r;
}

bool is_name(std::string_view name)
{
    return !name.empty() && name.size() <= 40 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

bool is_complete(const qaic_pipe_stage& s)
{
    const bool keeps = s.poll != nullptr;
    return s.abi == QAIC_PIPE_ABI && s.kind != nullptr && is_name(s.kind) &&
           static_cast<unsigned>(s.role) <= QAIC_PIPE_SINK && s.create != nullptr && s.run != nullptr &&
           s.destroy != nullptr && keeps == (s.ready != nullptr) && keeps == (s.held != nullptr) &&
           keeps == (s.drain != nullptr) && (!keeps || s.role == QAIC_PIPE_SHAPE);
}

} // namespace

const std::vector<Kind>& known_kinds() { return registry().kinds; }

const qaic_pipe_stage* stage_kind(std::string_view kind)
{
    const auto& all = registry().stages;
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto* s) { return s->kind == kind; });
    return at != all.end() ? *at : nullptr;
}

Result<void> load_plugin(const std::string& file)
{
    const auto before = registry().stages.size();
    // Stays: its stages' functions are in use as long as the process lives.
    if (::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr)
        return fail(Code::E_INVAL, "plugin {}: {}", file, ::dlerror());
    if (registry().stages.size() == before)
        return fail(Code::E_INVAL,
                    "plugin {}: it registered no stage (a name that is taken, another ABI than {}, or no "
                    "QAIC_PIPE_REGISTER)",
                    file, QAIC_PIPE_ABI);
    return {};
}

} // namespace pipeline

extern "C" __attribute__((visibility("default"))) int qaic_pipe_register(const qaic_pipe_stage* stage)
{
    using namespace pipeline;
    if (stage == nullptr || !is_complete(*stage)) return -EINVAL;
    if (stage_kind(stage->kind) != nullptr) return -EEXIST;
    auto& r = registry();
    auto& names = r.option_names.emplace_back();
    for (const auto* const* o = stage->options; o != nullptr && *o != nullptr; ++o) names.emplace_back(*o);
    r.stages.push_back(stage);
    r.kinds.push_back({stage->kind, static_cast<Role>(stage->role), names});
    return 0;
}
