// SPDX-License-Identifier: BSD-3-Clause
#include "aic100/regs/registers.hpp"

namespace aic100 {
namespace {
#define AIC_REG(name, off, acc, text) {#name, off, acc, text},
constexpr RegisterInfo mhi_table[] = {
#include "aic100/regs/mhi.def"
};
constexpr RegisterInfo bhi_table[] = {
#include "aic100/regs/bhi.def"
};
constexpr RegisterInfo dbc_table[] = {
#include "aic100/regs/dbc.def"
};
#undef AIC_REG
} // namespace

std::span<const RegisterInfo> mhi_registers() noexcept { return mhi_table; }
std::span<const RegisterInfo> bhi_registers() noexcept { return bhi_table; }
std::span<const RegisterInfo> dbc_registers() noexcept { return dbc_table; }

std::string_view to_string(ExecEnv env) noexcept
{
    static constexpr std::string_view names[] = {"PBL", "SBL", "AMSS", "RDDM", "WFW", "PTHRU", "EDL", "FP"};
    const auto i = static_cast<std::uint32_t>(env);
    return i < std::size(names) ? names[i] : "unknown";
}

std::string_view to_string(MhiState state) noexcept
{
    static constexpr std::string_view names[] = {"RESET", "READY", "M0", "M1", "M2", "M3", "M3_FAST", "BHI"};
    if (state == MhiState::SYS_ERR) return "SYS_ERR";
    const auto i = static_cast<std::uint32_t>(state);
    return i < std::size(names) ? names[i] : "unknown";
}

} // namespace aic100
