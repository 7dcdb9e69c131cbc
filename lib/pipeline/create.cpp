// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/create.hpp"

namespace pipeline {

namespace {

/// A stage's options as C sees them; valid as long as the spec.
std::vector<qaic_pipe_option> options_of(const StageSpec& s)
{
    std::vector<qaic_pipe_option> out;
    for (const auto& [name, o] : s.options) {
        qaic_pipe_option c{name.c_str(), o.place.c_str(), QAIC_PIPE_BOOL, 0, 0, ""};
        if (const auto* b = std::get_if<bool>(&o.value)) {
            c.integer = *b ? 1 : 0;
        } else if (const auto* i = std::get_if<std::int64_t>(&o.value)) {
            c.type = QAIC_PIPE_INTEGER, c.integer = *i, c.real = static_cast<double>(*i);
        } else if (const auto* d = std::get_if<double>(&o.value)) {
            c.type = QAIC_PIPE_REAL, c.real = *d;
        } else {
            c.type = QAIC_PIPE_TEXT, c.text = std::get<std::string>(o.value).c_str();
        }
        out.push_back(c);
    }
    return out;
}

} // namespace

std::uint64_t ticks_of(Nanos t, std::uint64_t hz)
{
    return static_cast<std::uint64_t>(static_cast<double>(t.count()) * 1e-9 * static_cast<double>(hz));
}

Result<void*> create_stage(const StageSpec& spec, const CreateWith& with)
{
    const auto* const kind = stage_kind(spec.kind);
    if (kind == nullptr) return fail(Code::E_INVAL, "{}: no kind \"{}\"", spec.place, spec.kind);
    const auto options = options_of(spec);
    qaic_pipe_setup setup{};
    setup.stage = spec.name.c_str(), setup.place = spec.place.c_str();
    setup.folder = with.folder.c_str();
    setup.replica = with.replica, setup.replicas = spec.replicas;
    setup.batch = spec.batch, setup.batch_wait_tsc = ticks_of(spec.batch_wait, with.tsc_hz);
    setup.tsc_hz = with.tsc_hz;
    setup.numa = with.numa;
    setup.pool = with.pool;
    setup.options = options.data(), setup.n_options = static_cast<unsigned>(options.size());
    char error[1024] = "";
    void* const self = kind->create(&setup, error, sizeof error);
    if (self == nullptr)
        return fail(Code::E_INVAL, "{}",
                    *error != '\0' ? error : "a stage could not be made and does not say why");
    return self;
}

} // namespace pipeline
