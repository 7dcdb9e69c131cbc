// SPDX-License-Identifier: BSD-3-Clause
#include "card/services.hpp"
#include "card/boot_log.hpp"
#include <cstring>

namespace card {
namespace channel = aic100::channel;

bool Loopback::ready() const
{
    constexpr std::uint8_t back = channel::LOOPBACK + 1;
    return port_.running(back) && port_.pending(back) < PacketPort::max_unanswered;
}

void Loopback::packet(Bytes bytes) { (void)port_.send(channel::LOOPBACK + 1, std::move(bytes)); }

void Control::started(std::uint8_t channel)
{
    if (channel == channel::CONTROL) server_->control_started();
}

bool Control::ready() const
{
    constexpr std::uint8_t back = channel::CONTROL + 1;
    return port_.running(back) && port_.pending(back) < PacketPort::max_unanswered;
}

void Control::packet(Bytes bytes)
{
    if (auto reply = server_->control(bytes)) (void)port_.send(channel::CONTROL + 1, std::move(*reply));
}

void Ras::push(const aic100::RasMessage& message) { waiting_.push_back(message); }

bool Ras::poll()
{
    constexpr std::uint8_t out = channel::STATUS + 1;
    bool did = false;
    while (!waiting_.empty() && port_.running(out) && port_.pending(out) < PacketPort::max_unanswered) {
        const auto bytes = bytes_of(waiting_.front());
        (void)port_.send(out, {bytes.begin(), bytes.end()});
        waiting_.pop_front();
        did = true;
    }
    return did;
}

void PeriodicTimesync::packet(Bytes bytes)
{
    const auto time = timesync_request_us(bytes);
    if (time)
        offset_us_ = time;
    else
        ++rejected_;
}

namespace {

/// First words of each source's syndrome; enough to tell the fields apart in a test (6.2).
constexpr std::array<std::array<std::uint32_t, 8>, 7> syndromes{{
    {0x1000, 0, 0x2000, 0, 0x3000, 0, 0x4000, 0},                 // SoC memory: u64 addresses
    {1, 2, 3, 4, 5, 6, 7, 8},                                     // PCIe: counters
    {1, 0x10, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5},                // DDR: count, irq status, data words
    {2, 3, 0x00020001, 0x00040003, 0x00060005, 0x00080007, 1, 0}, // system bus 1
    {0x10, 0x11, 0x12, 0x13, 0x14, 0x00160015, 0x00180017, 1},    // system bus 2
    {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7},             // NSP memory: addresses
    {1, 95, 0, 0, 0, 0, 0, 0},                                    // temperature: upper threshold, degrees C
}};

} // namespace

aic100::RasMessage make_ras(aic100::RasSource source, aic100::RasErrorType type, std::uint32_t sequence)
{
    aic100::RasMessage m{};
    m.header = {aic100::ras_magic,
                1,
                sequence,
                static_cast<std::uint8_t>(aic100::RasType::PUSH),
                0,
                sizeof(aic100::RasMessage) - sizeof(aic100::RasHeader)};
    m.source = static_cast<std::uint32_t>(source);
    m.error_type = static_cast<std::uint32_t>(type);
    m.threshold = 1;
    m.ce_count = type == aic100::RasErrorType::CORRECTABLE ? 1 : 0;
    m.ue_count = type == aic100::RasErrorType::CORRECTABLE ? 0 : 1;
    m.interrupt = 64 + m.source;
    const auto row = static_cast<std::size_t>(source);
    if (row < syndromes.size()) {
        std::array<le32, 8> words;
        std::copy(syndromes[row].begin(), syndromes[row].end(), words.begin());
        std::memcpy(m.syndrome, words.data(), sizeof words);
    }
    return m;
}

} // namespace card
