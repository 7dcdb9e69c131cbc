// SPDX-License-Identifier: BSD-3-Clause
// Memory of one activation as the DMA Bridge addresses it: shared DDR, and the multicast windows onto the
// L2TCM and VTCM of its NSPs. aic100-device.md 4.14, aic100-workload.md 4.3.5, 10 point 6
#pragma once
#include "aic100/wire/nnc_commands.hpp"
#include "card/ddr.hpp"
#include "card/nsp/native_arena.hpp"
#include <array>

namespace card {

/// Bytes of window space set aside for each activation; bases are multiples of it.
inline constexpr std::uint64_t mcid_span = max_mcids * aic100::mcid_window_bytes;

class ActivationMemory {
  public:
    /// Host addresses a device address stands for; at most one per NSP.
    using Copies = std::array<std::byte*, max_nsps>;

    /// Without memory of its own: every device address is bad.
    ActivationMemory() = default;
    /// `ddr` holds static and dynamic shared DDR, in this order (empty when the program has none).
    /// Nothing when the host's memory is exhausted. L2TCM holds its initial state. With an arena all memories
    /// are in there, and `ddr` gives the address alone.
    [[nodiscard]] static std::optional<ActivationMemory> create(const Program& program, Region ddr,
                                                                std::uint64_t mcid_base,
                                                                std::shared_ptr<NativeArena> arena = nullptr);

    /// How many places [address, address + length) stands for, each with `length` bytes at `out[i]`. 0 when
    /// any byte is outside. Marks on-chip memory as touched.
    [[nodiscard]] unsigned resolve(std::uint64_t address, std::uint64_t length, Copies& out) noexcept
    {
        if (address - mcid_base_ < windows_.size() * aic100::mcid_window_bytes) {
            touched = true;
            return resolve_window(address - mcid_base_, length, out);
        }
        if (const auto offset = address - ddr_base_; offset < static_ddr_ && length <= static_ddr_ - offset) {
            out[0] = ddr_.data() + offset;
            return 1;
        }
        const auto offset = address - dynamic_base_;
        if (offset >= dynamic_ddr_ || length > dynamic_ddr_ - offset) return 0;
        out[0] = ddr_.data() + (dynamic_base_ - ddr_base_) + offset;
        return 1;
    }

    [[nodiscard]] std::uint64_t ddr_base() const noexcept { return ddr_base_; }
    [[nodiscard]] std::uint64_t dynamic_base() const noexcept
    {
        return dynamic_ddr_ == 0 ? 0 : dynamic_base_;
    }
    [[nodiscard]] std::uint64_t mcid_base() const noexcept { return mcid_base_; }
    /// As an NSP sees it. The range was checked when the program was loaded.
    [[nodiscard]] std::byte* l2tcm(unsigned nsp, std::uint64_t offset) const noexcept;
    [[nodiscard]] MutSpan tensor(const ProgramTensor& tensor, unsigned nsp) const noexcept;

    /// Set by every DMA access through a window: an NSP may find a doorbell rung.
    bool touched = true;

  private:
    struct Target {
        std::byte* base = nullptr;
        std::uint64_t room = 0;
    };
    struct Window {
        std::uint32_t first = 0, count = 0; ///< in targets_
    };
    [[nodiscard]] unsigned resolve_window(std::uint64_t offset, std::uint64_t length, Copies& out) noexcept;
    [[nodiscard]] std::byte* vtcm(unsigned nsp, std::uint64_t offset) const noexcept;
    void map_windows(const Program& program);

    Region region_;
    ZeroPages pages_; ///< of on-chip memory that is not in an arena
    std::shared_ptr<NativeArena> arena_;
    std::byte* on_chip_ = nullptr; ///< per NSP: L2TCM, then VTCM
    std::uint64_t on_chip_stride_ = 0;
    MutSpan ddr_;
    std::uint64_t ddr_base_ = 0, dynamic_base_ = 0, static_ddr_ = 0, dynamic_ddr_ = 0, mcid_base_ = 0;
    std::uint64_t l2tcm_bytes_ = 0, vtcm_bytes_ = 0;
    std::vector<Window> windows_;
    std::vector<Target> targets_;
};

/// DDR a program's shared region takes: static, rounded up, then dynamic. Nothing on overflow.
[[nodiscard]] std::optional<std::uint64_t> shared_ddr_bytes(const Program& program) noexcept;

} // namespace card
