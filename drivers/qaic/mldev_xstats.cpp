// SPDX-License-Identifier: BSD-3-Clause
// Statistics of the mldev API: two tables, one of the device and one per model slot. Id = place in the
// device's table, or device rows + model id * model rows + row: unique over both modes and stable.
#include "qaic/mldev_guard.hpp"
#include "qaic/mldev_table.hpp"
#include <array>
#include <cstring>

namespace qaic {
namespace {

struct Sources {
    Device& device;
    nnc::Counters nnc;
    mhi::HostCounters mhi;
    ServiceCounters services;
    rte_ml_dev_stats queues;
};

std::uint64_t stage_us(const Sources& s, std::string_view stage)
{
    for (const auto& b : s.device.boot_report().stages)
        if (b.name == stage) return static_cast<std::uint64_t>(b.took / 1us);
    return 0;
}

struct DeviceRow {
    std::string_view name;
    std::uint64_t (*value)(const Sources&);
};
constexpr DeviceRow device_rows[] = {
    {"boot_soc_reset_us", [](const Sources& s) { return stage_us(s, "soc_reset"); }},
    {"boot_pbl_us", [](const Sources& s) { return stage_us(s, "pbl"); }},
    {"boot_sbl_us", [](const Sources& s) { return stage_us(s, "sbl"); }},
    {"boot_sahara_us", [](const Sources& s) { return stage_us(s, "sahara"); }},
    {"boot_amss_us", [](const Sources& s) { return stage_us(s, "amss"); }},
    {"boot_online_us", [](const Sources& s) { return stage_us(s, "online"); }},
    {"boot_total_us",
     [](const Sources& s) { return static_cast<std::uint64_t>(s.device.boot_report().total / 1us); }},
    {"ops_enqueued", [](const Sources& s) { return s.queues.enqueued_count; }},
    {"ops_dequeued", [](const Sources& s) { return s.queues.dequeued_count; }},
    {"ops_rejected", [](const Sources& s) { return s.queues.enqueue_err_count; }},
    {"ops_failed", [](const Sources& s) { return s.queues.dequeue_err_count; }},
    {"ops_lost", [](const Sources& s) { return s.device.counters().lost_ops.load(); }},
    {"dbc_faults", [](const Sources& s) { return s.device.counters().faults.load(); }},
    {"dbc_fences", [](const Sources& s) { return s.device.counters().fences.load(); }},
    {"dbc_reactivations", [](const Sources& s) { return s.device.counters().reactivations.load(); }},
    {"recovery_failures", [](const Sources& s) { return s.device.counters().recovery_failures.load(); }},
    {"retired_bytes", [](const Sources& s) { return s.device.counters().retired_bytes.load(); }},
    {"mhi_events", [](const Sources& s) { return s.mhi.events; }},
    {"mhi_sys_errors", [](const Sources& s) { return s.mhi.sys_errors; }},
    {"guard_m_erp", [](const Sources& s) { return s.mhi.m_erp; }},
    {"guard_m_elem", [](const Sources& s) { return s.mhi.m_elem; }},
    {"guard_m_tre", [](const Sources& s) { return s.mhi.m_tre; }},
    {"guard_m_len", [](const Sources& s) { return s.mhi.m_len; }},
    {"guard_m_cmd", [](const Sources& s) { return s.mhi.m_cmd; }},
    {"nnc_requests", [](const Sources& s) { return s.nnc.requests; }},
    {"nnc_replies", [](const Sources& s) { return s.nnc.replies; }},
    {"nnc_late", [](const Sources& s) { return s.nnc.late; }},
    {"guard_n_hdr", [](const Sources& s) { return s.nnc.n_hdr; }},
    {"guard_n_crc", [](const Sources& s) { return s.nnc.n_crc; }},
    {"guard_n_seq", [](const Sources& s) { return s.nnc.n_seq; }},
    {"guard_n_trx", [](const Sources& s) { return s.nnc.n_trx; }},
    {"guard_n_dbc", [](const Sources& s) { return s.nnc.n_dbc; }},
    {"guard_n_cont", [](const Sources& s) { return s.nnc.n_cont; }},
    {"guard_r_msg", [](const Sources& s) { return s.services.r_msg; }},
    {"timesync_sent", [](const Sources& s) { return s.services.timesync_sent; }},
    {"ssr_events", [](const Sources& s) { return s.services.ssr_events; }},
    {"ras_messages", [](const Sources& s) { return s.services.ras_messages; }},
    {"ras_correctable", [](const Sources& s) { return s.services.ce; }},
    {"ras_uncorrectable", [](const Sources& s) { return s.services.ue; }},
};
constexpr auto device_count = static_cast<std::uint16_t>(std::size(device_rows));

struct ModelRow {
    std::string_view name;
    std::uint64_t (*value)(const ModelCounters&);
};
constexpr ModelRow model_rows[] = {
    {"inferences", [](const ModelCounters& c) { return c.finished; }},
    {"submitted", [](const ModelCounters& c) { return c.submitted; }},
    {"in_flight", [](const ModelCounters& c) { return c.in_flight; }},
    {"activations", [](const ModelCounters& c) { return c.activations; }},
    {"faults", [](const ModelCounters& c) { return c.faults; }},
};
constexpr auto model_count = static_cast<std::uint16_t>(std::size(model_rows));

std::uint16_t model_base(std::uint16_t model)
{
    return static_cast<std::uint16_t>(device_count + model * model_count);
}

rte_ml_dev_stats sum_queues(Device& device)
{
    rte_ml_dev_stats s{};
    for (const auto* q : device.queue_pairs()) {
        s.enqueued_count += q->enqueued.load(std::memory_order_relaxed);
        s.dequeued_count += q->dequeued.load(std::memory_order_relaxed);
        s.enqueue_err_count += q->rejected.load(std::memory_order_relaxed);
        s.dequeue_err_count += q->failed.load(std::memory_order_relaxed);
    }
    return s;
}

Sources sources_of(Device& device)
{
    Sources s{device, {}, {}, {}, sum_queues(device)};
    device.with_parts([&](const Device::Parts& p) { s.nnc = p.nnc, s.mhi = p.mhi, s.services = p.services; });
    return s;
}

std::string name_of(std::uint16_t id)
{
    if (id < device_count) return std::string(device_rows[id].name);
    const auto model = (id - device_count) / model_count, row = (id - device_count) % model_count;
    return fmt::format("model{}_{}", model, model_rows[row].name);
}

/// Absolute value of an id; nothing when there is no such statistic now.
std::optional<std::uint64_t> read(Device& device, const Sources& sources, std::uint16_t id)
{
    if (id < device_count) return device_rows[id].value(sources);
    const auto model = (id - device_count) / model_count, row = (id - device_count) % model_count;
    if (model >= DeviceLimits::models) return std::nullopt;
    const auto counters = device.model_counters(static_cast<std::uint16_t>(model));
    if (!counters) return std::nullopt;
    return model_rows[row].value(*counters);
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
Result<std::vector<std::uint16_t>> ids_of(rte_ml_dev* dev, std::uint32_t mode, std::int32_t model_id,
                                          bool all_models)
{
    std::vector<std::uint16_t> out;
    const auto add_model = [&](std::uint16_t m) {
        for (std::uint16_t r = 0; r < model_count; ++r)
            out.push_back(static_cast<std::uint16_t>(model_base(m) + r));
    };
    if (mode == RTE_ML_DEV_XSTATS_DEVICE) {
        for (std::uint16_t i = 0; i < device_count; ++i) out.push_back(i);
        return out;
    }
    if (mode != RTE_ML_DEV_XSTATS_MODEL)
        return fail(Code::E_INVAL, "{}: xstats mode got={}", dev->data->name, static_cast<int>(mode));
    if (model_id == -1 && all_models) {
        for (std::uint16_t m = 0; m < dev->data->nb_models; ++m)
            if (device_of(dev).model(m) != nullptr) add_model(m);
        return out;
    }
    const bool known = model_id >= 0 && model_id < DeviceLimits::models &&
                       device_of(dev).model(static_cast<std::uint16_t>(model_id)) != nullptr;
    if (!known)
        return fail(Code::E_INVAL, "{}: xstats: no model of this id got={}", dev->data->name, model_id);
    add_model(static_cast<std::uint16_t>(model_id));
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

bool contains(const std::vector<std::uint16_t>& ids, std::uint16_t id)
{
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

} // namespace

int ml_stats_get(rte_ml_dev* dev, rte_ml_dev_stats* stats)
{
    return guarded([&]() -> Result<void> {
        auto& ml = ml_of(dev);
        const auto now = sum_queues(*ml.device);
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
        const auto now = sum_queues(*ml.device);
        const std::scoped_lock lock(ml.stats_lock);
        ml.stats_base = now;
        return {};
    });
}

int ml_xstats_names_get(rte_ml_dev* dev, rte_ml_dev_xstats_mode mode, std::int32_t model_id,
                        rte_ml_dev_xstats_map* map, std::uint32_t size)
{
    return counted([&]() -> Result<int> {
        QAIC_TRY(const auto ids, ids_of(dev, number_of(mode), model_id, false));
        const auto n = static_cast<int>(ids.size());
        if (map == nullptr || size < ids.size()) return n;
        for (std::size_t i = 0; i < ids.size(); ++i) {
            map[i].id = ids[i];
            const auto name = name_of(ids[i]);
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
        QAIC_TRY(auto ids, ids_of(dev, RTE_ML_DEV_XSTATS_DEVICE, -1, false));
        QAIC_TRY(const auto of_models, ids_of(dev, RTE_ML_DEV_XSTATS_MODEL, -1, true));
        ids.insert(ids.end(), of_models.begin(), of_models.end());
        for (const auto id : ids) {
            if (name_of(id) != name) continue;
            const auto v = read(device, sources_of(device), id);
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
        auto& device = device_of(dev);
        QAIC_TRY(const auto allowed, ids_of(dev, number_of(mode), model_id, true));
        const auto sources = sources_of(device);
        for (std::uint16_t i = 0; i < nb_ids; ++i) {
            const auto value = contains(allowed, ids[i]) ? read(device, sources, ids[i]) : std::nullopt;
            if (!value)
                return fail(Code::E_INVAL, "{}: xstat id got={} is not of this mode and model",
                            dev->data->name, ids[i]);
            values[i] = based(ml_of(dev), ids[i], *value);
        }
        return nb_ids;
    });
}

int ml_xstats_reset(rte_ml_dev* dev, rte_ml_dev_xstats_mode mode, std::int32_t model_id,
                    const std::uint16_t* ids, std::uint16_t nb_ids)
{
    return guarded([&]() -> Result<void> {
        auto& ml = ml_of(dev);
        QAIC_TRY(const auto allowed, ids_of(dev, number_of(mode), model_id, true));
        std::vector<std::uint16_t> wanted(allowed);
        if (ids != nullptr) wanted.assign(ids, ids + nb_ids);
        for (const auto id : wanted)
            if (!contains(allowed, id))
                return fail(Code::E_INVAL, "{}: xstat id got={} is not of this mode and model",
                            dev->data->name, id);
        const auto sources = sources_of(*ml.device);
        for (const auto id : wanted) {
            const auto value = read(*ml.device, sources, id).value_or(0);
            const std::scoped_lock lock(ml.stats_lock);
            ml.xstats_base[id] = value;
        }
        return {};
    });
}

} // namespace qaic
