// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/services/telemetry.hpp"

namespace qaic::services {
using namespace aic100;

namespace {
constexpr std::uint8_t from_telemetry = channel::TELEMETRY + 1;
constexpr Nanos reply_limit = 1s, reply_step = 100us;

Code code_of(std::int8_t status) noexcept
{
    switch (status) {
    case telemetry_status::READ_ONLY: return Code::E_PERM;
    case telemetry_status::UNSUPPORTED: return Code::E_UNSUPP;
    case telemetry_status::PROCESSING: return Code::E_BUSY;
    case telemetry_status::INVALID_VALUE: return Code::E_INVAL;
    default: return Code::E_PROTO;
    }
}
} // namespace

TelemetryMessage telemetry_request(std::uint32_t sequence, std::uint8_t command,
                                   std::optional<std::int64_t> value) noexcept
{
    TelemetryMessage m{};
    m.header.magic = ras_magic;
    m.header.version = std::uint16_t{1};
    m.header.sequence = sequence;
    m.header.type = static_cast<std::uint8_t>(RasType::REQUEST);
    m.header.length = static_cast<std::uint16_t>(sizeof m - sizeof m.header);
    m.command = command;
    m.access = static_cast<std::uint8_t>(value ? TelemetryAccess::WRITE : TelemetryAccess::READ);
    if (value) m.value = *value;
    return m;
}

bool telemetry_matches(const TelemetryMessage& request, const TelemetryMessage& reply) noexcept
{
    const auto &q = request.header, &r = reply.header;
    return r.magic == q.magic && r.version == q.version && r.sequence == q.sequence &&
           r.type == static_cast<std::uint8_t>(RasType::RESPONSE) && r.id == q.id && r.length == q.length &&
           reply.command == request.command && reply.access == request.access;
}

void Telemetry::take(ConstSpan packet)
{
    if (posted_ != 0) --posted_;
    const auto message = read_at<TelemetryMessage>(packet);
    const bool good = message && packet.size() == sizeof(TelemetryMessage) && request_ &&
                      telemetry_matches(*request_, *message);
    if (!good) return void(++dropped_); // late, orphaned or malformed
    reply_ = message;
}

Result<void> Telemetry::write(std::uint8_t command, std::int64_t value)
{
    QAIC_TRY(const auto told, exchange(command, value));
    (void)told; // what a card answers to a write is not specified
    return {};
}

Result<std::int64_t> Telemetry::exchange(std::uint8_t command, std::optional<std::int64_t> value)
{
    if (!host_.running(channel::TELEMETRY)) {
        QAIC_CHECK(host_.start_pair(channel::TELEMETRY, [this](ConstSpan p, bool) { take(p); }));
        posted_ = 0;
    }
    if (posted_ == 0) {
        QAIC_CHECK(host_.post(from_telemetry, sizeof(TelemetryMessage)));
        ++posted_;
    }
    request_ = telemetry_request(++sequence_, command, value);
    reply_.reset();
    QAIC_CHECK(host_.send(channel::TELEMETRY, bytes_of(*request_)));
    auto done = wait_until(bus_, fmt::format("telemetry reply to command {}", command), reply_limit,
                           reply_step, [&]() -> Result<bool> {
                               host_.poll();
                               if (host_.health() != mhi::Health::OK)
                                   return fail(Code::E_RESET, "{}: card failed during a telemetry request",
                                               bus_.name());
                               // A wrong message used the buffer up: the right one may still come.
                               if (!reply_ && posted_ == 0) {
                                   QAIC_CHECK(host_.post(from_telemetry, sizeof(TelemetryMessage)));
                                   ++posted_;
                               }
                               return reply_.has_value();
                           });
    request_.reset();
    QAIC_CHECK(done);
    if (reply_->status == telemetry_status::OK) return reply_->value.get();
    return fail(code_of(reply_->status), "{}: telemetry command {} answered with status {}", bus_.name(),
                command, reply_->status);
}

} // namespace qaic::services
