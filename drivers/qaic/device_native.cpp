// SPDX-License-Identifier: BSD-3-Clause
// What rte_pmd_qaic.h asks a device for and mldev does not.
#include "qaic/device.hpp"

namespace qaic {

Result<aic100::ResourceBlock> Device::resources()
{
    QAIC_TRY(const auto lock, enter());
    return client_->resources();
}

Result<void> Device::reset()
{
    {
        QAIC_TRY(const auto lock, enter());
        log(LogLevel::NOTICE, "{}: reset is asked for", name());
        lose_card(dbc::Guard::RESET);
    }
    events_.deliver();
    return {};
}

Result<void> Device::set_model_power(std::uint16_t id, std::int32_t power)
{
    QAIC_TRY(const auto lock, enter());
    QAIC_TRY(Slot * s, slot(id));
    if (!s->runs()) return fail(Code::E_INVAL, "{}: model {} is not started", name(), id);
    if (const auto out = s->outstanding(); out != 0)
        return fail(Code::E_BUSY, "{}: model {} has {} operations in flight: dequeue them first", name(), id,
                    out);
    const InPartition within(*this, s->partition);
    for (auto& i : s->instances) {
        if (!i.running || !i.running->on_card) continue;
        QAIC_CHECK(client_->set_state(i.running->activation().id, power));
        i.running->power = power;
    }
    return {};
}

Result<void> Device::set_sensor(std::uint8_t command, std::int64_t value)
{
    QAIC_TRY(const auto lock, enter());
    QAIC_CHECK(usable());
    return controller_.set_telemetry(command, value);
}

} // namespace qaic
