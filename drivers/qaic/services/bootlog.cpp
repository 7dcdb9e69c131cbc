// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/services/bootlog.hpp"

namespace qaic::services {
using namespace aic100;

namespace {
constexpr std::size_t kept_limit = 1u << 20, rate_limit = 64u << 10; // R-MSG: 1 MiB kept, 64 KiB a second
constexpr std::uint8_t from_device = channel::LOGGING + 1;

bool printable(char c) noexcept { return c == '\n' || (c >= 0x20 && c < 0x7f); }
} // namespace

Result<void> BootLog::start()
{
    text_.clear();
    in_window_ = 0;
    QAIC_CHECK(host_.start_pair(channel::LOGGING, [this](ConstSpan p, bool more) { take(p, more); }));
    for (unsigned i = 0; i < boot_log_buffers; ++i)
        QAIC_CHECK(host_.post(from_device, boot_log_buffer_bytes));
    return {};
}

void BootLog::take(ConstSpan packet, bool more)
{
    // The error of post() shows in the host's health; the log is not worth a failure of its own.
    (void)host_.post(from_device, boot_log_buffer_bytes);
    const auto now = bus_.clock().now();
    if (in_window_ == 0 || now - window_ >= 1s) window_ = now, in_window_ = 0;
    in_window_ += packet.size() + 1; // empty packets count too
    if (in_window_ > rate_limit || text_.size() + packet.size() + 1 > kept_limit) {
        ++dropped_;
        return;
    }
    for (const auto b : packet) {
        const auto c = static_cast<char>(b);
        if (c == '\0' || c == '\r') continue; // AIC100 ends its lines with NUL (3.5)
        text_.push_back(printable(c) ? c : '.');
    }
    if (!more && !text_.empty() && text_.back() != '\n') text_.push_back('\n');
}

} // namespace qaic::services
