// SPDX-License-Identifier: BSD-3-Clause
#include "card/stage.hpp"
#include <array>

namespace card {
namespace {

using aic100::ExecEnv;

struct Transition {
    Cause cause;
    std::optional<Stage> from; ///< nothing: any stage but GONE
    Stage to;
    std::optional<ExecEnv> env = std::nullopt; ///< nothing: any
};

constexpr std::array transitions = std::to_array<Transition>({
    {Cause::IMAGE_ACCEPTED, Stage::PBL, Stage::SBL_INIT},
    {Cause::READY_DUE, Stage::SBL_INIT, Stage::SBL_READY},
    {Cause::READY_DUE, Stage::AMSS, Stage::AMSS_READY},
    {Cause::M0_ENTERED, Stage::SBL_READY, Stage::SBL_M0},
    {Cause::M0_ENTERED, Stage::AMSS_READY, Stage::AMSS_M0},
    {Cause::IMAGES_DONE, Stage::SBL_M0, Stage::AMSS_M0},

    {Cause::MHI_RESET, Stage::PBL, Stage::PBL},
    {Cause::MHI_RESET, Stage::SBL_INIT, Stage::SBL_INIT},
    {Cause::MHI_RESET, Stage::SBL_READY, Stage::SBL_INIT},
    {Cause::MHI_RESET, Stage::SBL_M0, Stage::SBL_INIT},
    {Cause::MHI_RESET, Stage::AMSS, Stage::AMSS},
    {Cause::MHI_RESET, Stage::AMSS_READY, Stage::AMSS},
    {Cause::MHI_RESET, Stage::AMSS_M0, Stage::AMSS},
    {Cause::MHI_RESET, Stage::SYS_ERR, Stage::PBL, ExecEnv::PBL},
    {Cause::MHI_RESET, Stage::SYS_ERR, Stage::SBL_INIT, ExecEnv::SBL},
    {Cause::MHI_RESET, Stage::SYS_ERR, Stage::AMSS, ExecEnv::AMSS},

    {Cause::SOC_RESET, std::nullopt, Stage::SYS_ERR},
    {Cause::FATAL, std::nullopt, Stage::SYS_ERR},
    {Cause::REMOVED, std::nullopt, Stage::GONE},
    {Cause::POWER_ON, std::nullopt, Stage::PBL},
    {Cause::POWER_ON, Stage::GONE, Stage::PBL},
});

} // namespace

std::optional<Stage> next_stage(Stage from, Cause cause, ExecEnv env) noexcept
{
    for (const auto& t : transitions) {
        const bool here = t.from ? *t.from == from : from != Stage::GONE;
        if (t.cause == cause && here && (!t.env || *t.env == env)) return t.to;
    }
    return std::nullopt;
}

std::string_view to_string(Stage stage) noexcept
{
    static constexpr std::array<std::string_view, 9> names{
        "PBL", "SBL_INIT", "SBL_READY", "SBL_M0", "AMSS", "AMSS_READY", "AMSS_M0", "SYS_ERR", "GONE"};
    const auto i = static_cast<std::size_t>(stage);
    return i < names.size() ? names[i] : "unknown";
}

} // namespace card
