// SPDX-License-Identifier: BSD-3-Clause
// Statistics of the mldev API. Nothing that counts is ever written: a reset remembers a base. What there is
// to count stands in mldev_xstats_table.cpp.
#include "qaic/mldev_guard.hpp"
#include "qaic/mldev_table.hpp"
#include "qaic/mldev_xstats_table.hpp"
#include <algorithm>
#include <cstring>

namespace qaic {
namespace {

/// A control call may hold the device's lock as long as the fence ladder takes (reliability.md 2.5).
constexpr Nanos patience = 30s;

Result<rte_ml_dev_stats> sum_queues(Device& device)
{
    QAIC_TRY(const auto now, device.snapshot(patience));
    rte_ml_dev_stats s{};
    for (const auto& q : now.queue_pairs) {
        s.enqueued_count += q.enqueued;
        s.dequeued_count += q.dequeued;
        s.enqueue_err_count += q.rejected;
        s.dequeue_err_count += q.failed;
    }
    return s;
}

std::uint64_t based(MlDevice& ml, std::uint16_t id, std::uint64_t value)
{
    const std::scoped_lock lock(ml.stats_lock);
    const auto base = ml.xstats_base.find(id);
    if (base == ml.xstats_base.end() || base->second > value) return value; // a slot reused counts from 0
    return value - base->second;
}

/// A C caller's enum may hold any value, and reading it as the enum type is then undefined: its number is
/// copied.
std::uint32_t number_of(const rte_ml_dev_xstats_mode& mode) noexcept
{
    std::uint32_t number = 0;
    static_assert(sizeof number == sizeof mode);
    std::memcpy(&number, &mode, sizeof number);
    return number;
}

/// Ids of a mode: the device's, or one model's, or (model -1) all loaded models'.
Result<std::vector<std::uint16_t>> ids_of(rte_ml_dev* dev, const DeviceSnapshot& now, std::uint32_t mode,
                                          std::int32_t model_id, bool all_models)
{
    if (mode == RTE_ML_DEV_XSTATS_DEVICE) return xstats::device_ids(now);
    if (mode != RTE_ML_DEV_XSTATS_MODEL)
        return fail(Code::E_INVAL, "{}: xstats mode got={}", dev->data->name, static_cast<int>(mode));
    std::vector<std::uint16_t> out;
    for (const auto& m : now.models) {
        if (model_id != m.id && !(model_id == -1 && all_models)) continue;
        const auto ids = xstats::model_ids(m.id);
        out.insert(out.end(), ids.begin(), ids.end());
    }
    if (out.empty() && !(model_id == -1 && all_models))
        return fail(Code::E_INVAL, "{}: xstats: no model of this id got={}", dev->data->name, model_id);
    return out;
}

/// As guarded(), for calls that return a count.
template<class Body>
int counted(Body&& body) noexcept
{
    try {
        const Result<int> n = body();
        return n ? *n : finish(n.error());
    } catch (const std::bad_alloc&) {
        return finish(Error{Code::E_NOMEM, "out of heap memory"});
    }
}

/// The value of an id that must be one of `allowed`.
Result<std::uint64_t> value(rte_ml_dev* dev, const DeviceSnapshot& now,
                            const std::vector<std::uint16_t>& allowed, std::uint16_t id)
{
    if (std::find(allowed.begin(), allowed.end(), id) != allowed.end())
        if (const auto v = xstats::value_of(device_of(dev), now, id)) return *v;
    return fail(Code::E_INVAL, "{}: xstat id got={} is not of this mode and model", dev->data->name, id);
}

} // namespace

int ml_stats_get(rte_ml_dev* dev, rte_ml_dev_stats* stats)
{
    return guarded([&]() -> Result<void> {
        auto& ml = ml_of(dev);
        QAIC_TRY(const auto now, sum_queues(*ml.device));
        const std::scoped_lock lock(ml.stats_lock);
        const auto& b = ml.stats_base;
        const auto minus = [](std::uint64_t v, std::uint64_t base) { return v >= base ? v - base : v; };
        stats->enqueued_count = minus(now.enqueued_count, b.enqueued_count);
        stats->dequeued_count = minus(now.dequeued_count, b.dequeued_count);
        stats->enqueue_err_count = minus(now.enqueue_err_count, b.enqueue_err_count);
        stats->dequeue_err_count = minus(now.dequeue_err_count, b.dequeue_err_count);
        return {};
    });
}

void ml_stats_reset(rte_ml_dev* dev)
{
    (void)guarded([&]() -> Result<void> {
        auto& ml = ml_of(dev);
        QAIC_TRY(const auto now, sum_queues(*ml.device));
        const std::scoped_lock lock(ml.stats_lock);
        ml.stats_base = now;
        return {};
    });
}

int ml_xstats_names_get(rte_ml_dev* dev, rte_ml_dev_xstats_mode mode, std::int32_t model_id,
                        rte_ml_dev_xstats_map* map, std::uint32_t size)
{
    return counted([&]() -> Result<int> {
        QAIC_TRY(const auto now, device_of(dev).snapshot(patience));
        QAIC_TRY(const auto ids, ids_of(dev, now, number_of(mode), model_id, false));
        const auto n = static_cast<int>(ids.size());
        if (map == nullptr || size < ids.size()) return n;
        for (std::size_t i = 0; i < ids.size(); ++i) {
            map[i].id = ids[i];
            const auto name = xstats::name_of(ids[i]);
            name.copy(map[i].name, sizeof map[i].name - 1);
            map[i].name[std::min(name.size(), sizeof map[i].name - 1)] = '\0';
        }
        return n;
    });
}

int ml_xstats_by_name_get(rte_ml_dev* dev, const char* name, std::uint16_t* stat_id, std::uint64_t* value)
{
    if (stat_id != nullptr) *stat_id = static_cast<std::uint16_t>(-1);
    return guarded([&]() -> Result<void> {
        auto& device = device_of(dev);
        QAIC_TRY(const auto now, device.snapshot(patience));
        auto ids = xstats::device_ids(now);
        QAIC_TRY(const auto of_models, ids_of(dev, now, RTE_ML_DEV_XSTATS_MODEL, -1, true));
        ids.insert(ids.end(), of_models.begin(), of_models.end());
        for (const auto id : ids) {
            if (xstats::name_of(id) != name) continue;
            const auto v = xstats::value_of(device, now, id);
            if (!v) break;
            *value = based(ml_of(dev), id, *v);
            if (stat_id != nullptr) *stat_id = id;
            return {};
        }
        return fail(Code::E_INVAL, "{}: no xstat '{:.127}'", dev->data->name, name);
    });
}

int ml_xstats_get(rte_ml_dev* dev, rte_ml_dev_xstats_mode mode, std::int32_t model_id,
                  const std::uint16_t* ids, std::uint64_t* values, std::uint16_t nb_ids)
{
    return counted([&]() -> Result<int> {
        QAIC_TRY(const auto now, device_of(dev).snapshot(patience));
        QAIC_TRY(const auto allowed, ids_of(dev, now, number_of(mode), model_id, true));
        for (std::uint16_t i = 0; i < nb_ids; ++i) {
            QAIC_TRY(const auto v, value(dev, now, allowed, ids[i]));
            values[i] = based(ml_of(dev), ids[i], v);
        }
        return nb_ids;
    });
}

int ml_xstats_reset(rte_ml_dev* dev, rte_ml_dev_xstats_mode mode, std::int32_t model_id,
                    const std::uint16_t* ids, std::uint16_t nb_ids)
{
    return guarded([&]() -> Result<void> {
        auto& ml = ml_of(dev);
        QAIC_TRY(const auto now, ml.device->snapshot(patience));
        QAIC_TRY(const auto allowed, ids_of(dev, now, number_of(mode), model_id, true));
        std::vector<std::uint16_t> wanted(allowed);
        if (ids != nullptr) wanted.assign(ids, ids + nb_ids);
        std::map<std::uint16_t, std::uint64_t> bases; // all or none
        for (const auto id : wanted) {
            QAIC_TRY(const auto v, value(dev, now, allowed, id));
            bases[id] = v;
        }
        const std::scoped_lock lock(ml.stats_lock);
        for (const auto& [id, base] : bases) ml.xstats_base[id] = base;
        return {};
    });
}

} // namespace qaic
