// SPDX-License-Identifier: BSD-3-Clause
// Registers of the card: offsets and bit fields, and the same tables as data for dumps. aic100-device.md 1,
// 2, 5
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace aic100 {

struct RegisterInfo {
    std::string_view name;
    std::uint32_t offset;
    std::string_view access;
    std::string_view text;
};

// ---- PCI (1.1 - 1.4)
// ---------------------------------------------------------------------------------------
inline constexpr std::uint16_t pci_vendor = 0x17cb;
inline constexpr std::uint16_t pci_device_aic100 = 0xa100;
inline constexpr std::uint16_t pci_device_aic080 = 0xa080;
inline constexpr unsigned bar_mhi = 0, bar_dbc = 2, bar_spare = 4;
inline constexpr std::uint64_t bar_mhi_bytes = 4096, bar_dbc_bytes = 2u << 20, bar_spare_bytes = 64u << 10;
inline constexpr unsigned msi_vectors_wanted = 17, msi_vectors_offered = 32;

/// What an MMIO read returns when nobody answers (1.6). Also what registers must never hold.
inline constexpr std::uint32_t all_ones = 0xffffffff;

// ---- MHI window (2.1)
// --------------------------------------------------------------------------------------
namespace mhi_reg {
#define AIC_REG(name, off, acc, text) inline constexpr std::uint32_t name = off;
#include "aic100/regs/mhi.def"
#undef AIC_REG
} // namespace mhi_reg

namespace bhi_reg {
#define AIC_REG(name, off, acc, text) inline constexpr std::uint32_t name = off;
#include "aic100/regs/bhi.def"
#undef AIC_REG
} // namespace bhi_reg

namespace dbc_reg {
#define AIC_REG(name, off, acc, text) inline constexpr std::uint32_t name = off;
#include "aic100/regs/dbc.def"
#undef AIC_REG
} // namespace dbc_reg

std::span<const RegisterInfo> mhi_registers() noexcept;
std::span<const RegisterInfo> bhi_registers() noexcept;
std::span<const RegisterInfo> dbc_registers() noexcept;

/// Substitute for the unreliable SOC_HW_VERSION register (1.6).
inline constexpr std::uint32_t soc_hw_version = 0x60110200;
/// Ticks of QTIMER a second (3.6).
inline constexpr std::uint64_t qtimer_hz = 19'200'000;

/// A field of a 32-bit register: bits [hi:lo].
struct Field {
    unsigned hi, lo;
    [[nodiscard]] constexpr std::uint32_t mask() const noexcept
    {
        return static_cast<std::uint32_t>(((std::uint64_t{1} << (hi - lo + 1)) - 1) << lo);
    }
    [[nodiscard]] constexpr std::uint32_t get(std::uint32_t reg) const noexcept
    {
        return (reg & mask()) >> lo;
    }
    [[nodiscard]] constexpr std::uint32_t put(std::uint32_t value) const noexcept
    {
        return (value << lo) & mask();
    }
    [[nodiscard]] constexpr std::uint32_t set(std::uint32_t reg, std::uint32_t value) const noexcept
    {
        return (reg & ~mask()) | put(value);
    }
};

inline constexpr Field mhicfg_nhwer{31, 24}, mhicfg_ner{23, 16}, mhicfg_nhwch{15, 8}, mhicfg_nch{7, 0};
inline constexpr Field mhictrl_state{15, 8}, mhictrl_reset{1, 1};
inline constexpr Field mhistatus_state{15, 8}, mhistatus_syserr{2, 2}, mhistatus_ready{0, 0};
inline constexpr Field soc_reset_bit{0, 0};
inline constexpr Field bhi_status_state{31, 30}, bhi_session{29, 0};

enum class BhiStatus : std::uint32_t { RESET = 0, SUCCESS = 2, ERROR = 3 };

/// Execution environments (2.6).
enum class ExecEnv : std::uint32_t {
    PBL = 0,
    SBL = 1,
    AMSS = 2,
    RDDM = 3,
    WFW = 4,
    PTHRU = 5,
    EDL = 6,
    FP = 7
};
[[nodiscard]] constexpr bool exec_env_known(std::uint32_t v) noexcept { return v <= 7; }
[[nodiscard]] constexpr bool pbl_like(ExecEnv e) noexcept
{
    return e == ExecEnv::PBL || e == ExecEnv::PTHRU || e == ExecEnv::EDL;
}
std::string_view to_string(ExecEnv env) noexcept;

/// MHI states (2.6).
enum class MhiState : std::uint32_t {
    RESET = 0,
    READY = 1,
    M0 = 2,
    M1 = 3,
    M2 = 4,
    M3 = 5,
    M3_FAST = 6,
    BHI = 7,
    SYS_ERR = 0xff
};
[[nodiscard]] constexpr bool mhi_state_known(std::uint32_t v) noexcept { return v <= 7 || v == 0xff; }
std::string_view to_string(MhiState state) noexcept;

// ---- doorbells (2.2)
// ---------------------------------------------------------------------------------------
inline constexpr std::uint32_t doorbell_bytes = 8;
inline constexpr unsigned wake_doorbell = 127;

// ---- DMA Bridge window (5.2)
// -------------------------------------------------------------------------------
inline constexpr unsigned dbc_count = 16;
inline constexpr std::uint32_t dbc_base = 0x20000, dbc_stride = 0x1000;
[[nodiscard]] constexpr std::uint32_t dbc_offset(unsigned dbc) noexcept
{
    return dbc_base + dbc * dbc_stride;
}

} // namespace aic100
