// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/boot/bhi.hpp"
#include <cstring>

namespace qaic::boot {
using namespace aic100;

namespace {

constexpr Nanos poll_step = 1ms;

tl::unexpected<Error> refused(mhi::Host& host, const FirmwareSet::Image& image)
{
    std::uint32_t detail[4] = {};
    constexpr std::uint32_t regs[] = {bhi_reg::ERRCODE, bhi_reg::ERRDBG1, bhi_reg::ERRDBG2, bhi_reg::ERRDBG3};
    for (unsigned i = 0; i < 4; ++i)
        if (const auto value = host.read_bhi(regs[i])) detail[i] = *value;
    return fail(Code::E_FW, "{}: refused by the PBL, BHI status=3 errcode=0x{:x} errdbg=0x{:x},0x{:x},0x{:x}",
                image.path, detail[0], detail[1], detail[2], detail[3]);
}

// The PBL may crash instead of answering: SYS_ERR ends the wait (D19).
Result<void> check_alive(mhi::Host& host, const FirmwareSet::Image& image)
{
    QAIC_TRY(const auto status, host.read(mhi_reg::MHISTATUS));
    if (mhistatus_state.get(status) == static_cast<std::uint32_t>(MhiState::SYS_ERR))
        return fail(Code::E_RESET, "{}: SYS_ERR during its download (MHISTATUS=0x{:x})", image.path, status);
    return {};
}

} // namespace

Result<BhiStatus> bhi_status(mhi::Host& host)
{
    QAIC_TRY(const auto value, host.read_bhi(bhi_reg::STATUS));
    return static_cast<BhiStatus>(bhi_status_state.get(value));
}

Result<void> bhi_download(Bus& bus, mhi::Host& host, const Limits& limits, const FirmwareSet::Image& image,
                          std::uint32_t session)
{
    QAIC_TRY(auto buffer, bus.dma_alloc(image.bytes.size(), 4096, "bhi_image"));
    std::memcpy(buffer.data(), image.bytes.data(), image.bytes.size());
    const auto iova = buffer.iova().value;
    host.write_bhi(bhi_reg::STATUS, 0);
    host.write_bhi(bhi_reg::IMGADDR_HIGH, static_cast<std::uint32_t>(iova >> 32));
    host.write_bhi(bhi_reg::IMGADDR_LOW, static_cast<std::uint32_t>(iova));
    host.write_bhi(bhi_reg::IMGSIZE, static_cast<std::uint32_t>(image.bytes.size()));
    host.write_bhi(bhi_reg::IMGTXDB, bhi_session.put(session));
    auto verdict = BhiStatus::RESET;
    auto done = wait_until(bus, fmt::format("BHI download of {}", image.path), limits.mhi, poll_step,
                           [&]() -> Result<bool> {
                               QAIC_TRY(verdict, bhi_status(host));
                               if (verdict == BhiStatus::RESET) QAIC_CHECK(check_alive(host, image));
                               return verdict != BhiStatus::RESET;
                           });
    // Without a verdict the PBL may still be reading: only the caller's fence makes the buffer free again.
    // The card only reads it, so the worst that reuse can do is a refused image.
    if (!done) return done;
    if (verdict == BhiStatus::SUCCESS) return {};
    if (verdict == BhiStatus::ERROR) return refused(host, image);
    return fail(Code::E_PROTO, "{}: BHI status is neither success nor error got={}", image.path,
                static_cast<std::uint32_t>(verdict));
}

} // namespace qaic::boot
