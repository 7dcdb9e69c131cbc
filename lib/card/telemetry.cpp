// SPDX-License-Identifier: BSD-3-Clause
// Sensors and limits of the emulated card. aic100-device.md 6.3
#include "card/services.hpp"

namespace card {
namespace channel = aic100::channel;
namespace answer = aic100::telemetry_status;
namespace {

/// One row per command: what it reads at power-on, and the range a write may choose (equal: read-only).
struct Sensor {
    std::int64_t value, lowest = 0, highest = 0;
    [[nodiscard]] bool writable() const noexcept { return lowest != highest; }
};
// Degrees C, watts, seconds, millivolts; plausible numbers [M] of a 75 W card.
constexpr std::array<Sensor, aic100::telemetry_commands> sensors{{
    {52},           // SoC temperature
    {61},           // SoC max temperature
    {44},           // board temperature
    {49},           // board max temperature
    {47},           // DDR temperature
    {95, 40, 105},  // warning temperature
    {105, 50, 115}, // shutdown temperature
    {75, 15, 75},   // board TDP
    {31},           // board power
    {1, 1, 3},      // power state: full, reduced, minimal
    {75},           // power max
    {0},            // throttle percent
    {0},            // throttle time
    {0},            // uptime: from the clock
    {38},           // SoC floor temperature
    {105},          // SoC ceiling temperature
    {780},          // CX voltage
    {850},          // MX voltage
    {760},          // NSP CX voltage
    {840},          // NSP MX voltage
    {350},          // configured TOPS
    {43},           // PMIC A temperature
    {42},           // PMIC C temperature
    {45},           // PMIC E temperature
    {0},            // power action
    {60},           // SoC TDP
    {22},           // SoC power
}};
constexpr unsigned uptime = 13;

bool header_good(const aic100::RasHeader& h)
{
    return h.magic == aic100::ras_magic && h.version == 1 &&
           h.type == static_cast<std::uint8_t>(aic100::RasType::REQUEST) && h.id == 0 &&
           h.length == sizeof(aic100::TelemetryMessage) - sizeof(aic100::RasHeader);
}

} // namespace

Telemetry::Telemetry(PacketPort& port, const Clock& clock) : port_(port), clock_(clock)
{
    Telemetry::reset();
}

void Telemetry::reset()
{
    for (unsigned i = 0; i < sensors.size(); ++i) values_[i] = sensors[i].value;
    up_since_ = clock_.now();
}

bool Telemetry::ready() const
{
    constexpr std::uint8_t back = channel::TELEMETRY + 1;
    return port_.running(back) && port_.pending(back) < PacketPort::max_unanswered;
}

void Telemetry::packet(Bytes bytes)
{
    auto message = read_at<aic100::TelemetryMessage>(bytes);
    if (!message || bytes.size() != sizeof(aic100::TelemetryMessage)) return; // no header to answer to
    message->status = answer(*message);
    message->header.type = static_cast<std::uint8_t>(aic100::RasType::RESPONSE);
    const auto reply = bytes_of(*message);
    (void)port_.send(channel::TELEMETRY + 1, {reply.begin(), reply.end()});
}

std::int8_t Telemetry::answer(aic100::TelemetryMessage& message)
{
    if (!header_good(message.header)) return answer::INVALID_HEADER;
    if (message.command >= sensors.size()) return answer::UNSUPPORTED;
    auto& value = values_[message.command];
    const auto& sensor = sensors[message.command];
    switch (static_cast<aic100::TelemetryAccess>(message.access)) {
    case aic100::TelemetryAccess::READ:
        if (message.command == uptime)
            value = std::chrono::duration_cast<std::chrono::seconds>(clock_.now() - up_since_).count();
        message.value = value;
        return answer::OK;
    case aic100::TelemetryAccess::WRITE:
        if (!sensor.writable()) return answer::READ_ONLY;
        if (message.value < sensor.lowest || message.value > sensor.highest) return answer::INVALID_VALUE;
        value = message.value;
        return answer::OK;
    }
    return answer::INVALID_VALUE;
}

} // namespace card
