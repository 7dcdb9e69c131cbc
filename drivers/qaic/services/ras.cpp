// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/services/ras.hpp"

namespace qaic::services {
using namespace aic100;

namespace {
constexpr std::uint8_t from_ras = channel::STATUS + 1;
constexpr std::uint16_t newest_version = 2;
constexpr std::uint32_t last_error_type = static_cast<std::uint32_t>(RasErrorType::UNCORRECTABLE_NONFATAL);
} // namespace

bool ras_valid(ConstSpan packet) noexcept
{
    const auto m = read_at<RasMessage>(packet);
    return m && packet.size() == sizeof(RasMessage) && m->header.magic == ras_magic &&
           m->header.version >= 1 && m->header.version <= newest_version &&
           m->header.type == static_cast<std::uint8_t>(RasType::PUSH) &&
           m->header.length == sizeof(RasMessage) - sizeof(RasHeader) && m->error_type <= last_error_type;
}

Result<void> Ras::start()
{
    QAIC_CHECK(host_.start_pair(channel::STATUS, [this](ConstSpan p, bool) { take(p); }));
    return host_.post(from_ras, sizeof(RasMessage));
}

void Ras::take(ConstSpan packet)
{
    (void)host_.post(from_ras, sizeof(RasMessage)); // a failure shows in the host's health
    if (!ras_valid(packet)) {
        ++counters_.dropped, ++counters_.r_msg;
        return;
    }
    const auto message = *read_at<RasMessage>(packet);
    ++counters_.messages;
    std::uint64_t* const by_type[] = {&counters_.ce, &counters_.ue, &counters_.ue_nonfatal};
    ++*by_type[message.error_type];
    if (handler_) handler_(message);
}

} // namespace qaic::services
