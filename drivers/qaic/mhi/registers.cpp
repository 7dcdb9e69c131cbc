// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/mhi/registers.hpp"
#include "aic100/wire/mhi.hpp"
#include "base/checked.hpp"

namespace qaic::mhi {
using namespace aic100;

namespace {
constexpr unsigned alive_retries = 3; // within 1 ms (guard D-ALIVE)
constexpr Nanos alive_pause = 333us;
constexpr std::uint32_t bhi_span = bhi_reg::OEMPKHASH + 24 * 4;
} // namespace

std::string register_name(std::uint32_t offset, std::uint32_t bhi_offset)
{
    for (const auto& r : mhi_registers())
        if (r.offset == offset) return std::string(r.name);
    for (const auto& r : bhi_registers())
        if (bhi_offset != 0 && bhi_offset + r.offset == offset) return fmt::format("BHI {}", r.name);
    return fmt::format("register 0x{:x}", offset);
}

Result<std::uint32_t> Registers::read(std::uint32_t offset)
{
    if (offset == mhi_reg::SOC_HW_VERSION) return soc_hw_version;
    if (gone_) return fail(Code::E_REMOVED, "{}: card is gone", bus_.name());
    const auto value = bus_.mhi_read32(offset);
    if (value != all_ones) return value;
    return read_again(offset);
}

// All-ones is a question: ask a register that holds something else on a live card.
Result<std::uint32_t> Registers::read_again(std::uint32_t offset)
{
    const auto witness = offset == mhi_reg::BHIOFF ? mhi_reg::MHICTRL : mhi_reg::BHIOFF;
    for (unsigned i = 0;; ++i) {
        if (bus_.mhi_read32(witness) == all_ones) {
            gone_ = true;
            return fail(Code::E_REMOVED, "{}: card is gone: {} and {} read all-ones", bus_.name(),
                        register_name(offset, bhi_), register_name(witness, bhi_));
        }
        if (i == alive_retries) break;
        bus_.relax(alive_pause);
        const auto value = bus_.mhi_read32(offset);
        if (value != all_ones) return value;
    }
    return fail(Code::E_PROTO, "{}: D-ALIVE {} keeps reading all-ones on a card that is alive", bus_.name(),
                register_name(offset, bhi_));
}

void Registers::write(std::uint32_t offset, std::uint32_t value) noexcept
{
    // Ring elements and contexts become visible before the doorbell that announces them: each bus orders its
    // register writes behind earlier memory writes (rte_write32 by its barrier, the emulated card by its
    // lock).
    if (!gone_) bus_.mhi_write32(offset, value);
}

void Registers::write64(std::uint32_t low_offset, std::uint64_t value) noexcept
{
    write(low_offset + 4, static_cast<std::uint32_t>(value >> 32));
    write(low_offset, static_cast<std::uint32_t>(value));
}

Result<void> Registers::update(std::uint32_t offset, Field field, std::uint32_t value)
{
    QAIC_TRY(const auto old, read(offset));
    write(offset, field.set(old, value));
    return {};
}

Result<std::uint32_t> Registers::locate(std::uint32_t reg, std::uint32_t span, std::uint32_t align)
{
    QAIC_TRY(const auto value, read(reg));
    if (!range_inside(value, span, bus_.mhi_bytes()) || value % align != 0)
        return fail(Code::E_PROTO, "{}: D-OFF {} out of range got=0x{:x} limit=0x{:x} (aligned to {})",
                    bus_.name(), register_name(reg, bhi_), value, bus_.mhi_bytes() - span, align);
    return value;
}

Result<void> Registers::locate_blocks()
{
    QAIC_TRY(bhi_, locate(mhi_reg::BHIOFF, bhi_span, 4));
    return {};
}

Result<void> Registers::locate_doorbells()
{
    QAIC_TRY(channel_db_, locate(mhi_reg::CHDBOFF, channel_contexts * doorbell_bytes, 8));
    QAIC_TRY(event_db_, locate(mhi_reg::ERDBOFF, doorbell_bytes, 8));
    return {};
}

} // namespace qaic::mhi
