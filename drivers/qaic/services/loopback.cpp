// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/services/loopback.hpp"
#include <algorithm>

namespace qaic::services {
using namespace aic100;

namespace {
constexpr std::uint8_t from_loopback = channel::LOOPBACK + 1;
constexpr Nanos echo_step = 100us;
} // namespace

Result<void> Loopback::exchange(ConstSpan message)
{
    if (message.empty() || message.size() > mhi_max_transfer)
        return fail(Code::E_INVAL, "{}: loopback message of {} bytes, limit 1..{}", bus_.name(),
                    message.size(), mhi_max_transfer);
    if (!host_.running(channel::LOOPBACK))
        QAIC_CHECK(host_.start_pair(channel::LOOPBACK, [this](ConstSpan packet, bool more) {
            // Sum of the pieces is bounded: one buffer is posted a message.
            echo_.insert(echo_.end(), packet.begin(), packet.end());
            arrived_ = !more;
        }));
    echo_.clear();
    arrived_ = false;
    QAIC_CHECK(host_.post(from_loopback, mhi_max_transfer));
    QAIC_CHECK(host_.send(channel::LOOPBACK, message));
    auto done = wait_until(bus_, fmt::format("loopback of {} bytes", message.size()), limit_, echo_step,
                           [&]() -> Result<bool> {
                               host_.poll();
                               if (host_.health() != mhi::Health::OK)
                                   return fail(Code::E_RESET, "{}: card failed during loopback", bus_.name());
                               return arrived_ && host_.drained(channel::LOOPBACK);
                           });
    if (!done) {
        // A late echo must not be taken for the next one.
        (void)host_.reset_pair(channel::LOOPBACK);
        return done;
    }
    if (echo_.size() != message.size())
        return fail(Code::E_PROTO, "{}: loopback length got={} limit={}", bus_.name(), echo_.size(),
                    message.size());
    const auto bad = std::mismatch(message.begin(), message.end(), echo_.begin()).first;
    if (bad != message.end())
        return fail(Code::E_PROTO, "{}: loopback differs at byte {} of {}", bus_.name(),
                    bad - message.begin(), message.size());
    return {};
}

} // namespace qaic::services
