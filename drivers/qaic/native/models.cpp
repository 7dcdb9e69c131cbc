// SPDX-License-Identifier: BSD-3-Clause
// rte_pmd_qaic.h: models and their activations.
#include "qaic/native/native.hpp"

namespace qaic::native {
namespace {

Result<rte_pmd_qaic_model_info> info_of(Device& device, std::uint16_t id)
{
    QAIC_TRY(const auto s, device.snapshot(lock_limit));
    const auto m = std::find_if(s.models.begin(), s.models.end(), [id](const auto& x) { return x.id == id; });
    const auto* const model = device.model(id);
    if (m == s.models.end() || model == nullptr)
        return fail(Code::E_INVAL, "{}: no model of this id got={}", device.name(), id);
    rte_pmd_qaic_model_info i{};
    i.batches = model->layout().batches;
    i.nsps = static_cast<std::uint16_t>(m->nsps);
    i.input_bytes = m->input_bytes, i.output_bytes = m->output_bytes;
    i.started = m->started;
    for (const auto& a : m->activations) {
        if (i.activations == RTE_PMD_QAIC_DBCS) break;
        i.dbc[i.activations] = static_cast<std::uint8_t>(a.dbc);
        i.power[i.activations] = static_cast<std::uint8_t>(a.power);
        i.usable[i.activations++] = a.state == dbc::ChannelState::ACTIVE;
    }
    const auto& c = m->counters;
    i.submitted = c.submitted, i.finished = c.finished, i.in_flight = c.in_flight;
    i.errors = c.errors, i.faults = c.faults;
    return i;
}

} // namespace

QAIC_PUBLIC int rte_pmd_qaic_model_info_get(std::int16_t dev_id, std::uint16_t model_id,
                                            rte_pmd_qaic_model_info* info)
{
    return with_device(dev_id, [&](Device& d) -> Result<void> {
        QAIC_TRY(const auto i, info_of(d, model_id));
        return give(info, i);
    });
}

QAIC_PUBLIC int rte_pmd_qaic_model_instances_set(std::int16_t dev_id, std::uint16_t model_id,
                                                 std::uint16_t count)
{
    return with_device(dev_id, [&](Device& d) { return d.set_instances(model_id, count); });
}

QAIC_PUBLIC int rte_pmd_qaic_model_spread_set(std::int16_t dev_id, std::uint16_t model_id,
                                              const std::uint8_t* activation, std::uint16_t n)
{
    return with_device(dev_id, [&](Device& d) -> Result<void> {
        if (activation == nullptr && n != 0) return fail(Code::E_INVAL, "{}: spread: NULL pointer", d.name());
        return d.set_spread(model_id, std::vector<std::uint8_t>(activation, activation + n));
    });
}

QAIC_PUBLIC int rte_pmd_qaic_model_power_set(std::int16_t dev_id, std::uint16_t model_id, int power)
{
    return with_device(dev_id, [&](Device& d) -> Result<void> {
        if (power < RTE_PMD_QAIC_MODEL_STANDBY || power > RTE_PMD_QAIC_MODEL_LOW_POWER)
            return fail(Code::E_INVAL, "{}: model power got={} limit={}", d.name(), power,
                        static_cast<int>(RTE_PMD_QAIC_MODEL_LOW_POWER));
        return d.set_model_power(model_id, power);
    });
}

} // namespace qaic::native
