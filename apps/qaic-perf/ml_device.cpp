// SPDX-License-Identifier: BSD-3-Clause
#include "ml_device.hpp"

#include <cstring>

namespace qaic::perf {

namespace {

tl::unexpected<Error> refused(const char* what, int error)
{
    return fail(Code::E_STATE, "the driver refused to {}: {} ({})", what, std::strerror(-error), error);
}

Result<DeviceFacts> facts_of(std::int16_t id)
{
    rte_ml_dev_info info{};
    if (const int e = rte_ml_dev_info_get(id, &info); e != 0) return refused("describe the device", e);
    DeviceFacts f;
    f.driver = info.driver_name != nullptr ? info.driver_name : "?";
    f.id = id;
    f.numa = rte_ml_dev_socket_id(id);
    f.max_models = info.max_models;
    f.max_queue_pairs = info.max_queue_pairs;
    f.max_desc = info.max_desc;
    f.align = info.align_size == 0 ? std::uint16_t{1} : info.align_size;
    return f;
}

} // namespace

// Ids are dense only until a device was removed (dpdk-driver-guide.md 4), and a call before any device was
// probed would crash: count first, then look at all.
Result<std::vector<std::int16_t>> ml_devices(std::size_t wanted)
{
    std::vector<std::int16_t> found;
    if (rte_ml_dev_count() > 0)
        for (std::int16_t id = 0; id < RTE_MLDEV_DEFAULT_MAX; ++id)
            if (rte_ml_dev_is_valid_dev(id) == 1) found.push_back(id);
    if (found.size() == wanted) return found;
    const auto text = found.empty() ? std::string("no ML device")
                                    : fmt::format("{} of {} ML devices", found.size(), wanted);
    return fail(Code::E_REMOVED,
                "{} after EAL's start: is the driver loaded (--driver FILE), is --dev the "
                "card's PCI address or a virtual device of this driver?",
                text);
}

Result<MlDevice> MlDevice::open(std::int16_t id, std::uint32_t models, std::uint32_t queue_pairs,
                                std::uint32_t depth)
{
    QAIC_TRY(const auto facts, facts_of(id));
    if (depth > facts.max_desc)
        return fail(Code::E_LIMIT, "--queue-depth {} is more than the device's limit of {}", depth,
                    facts.max_desc);
    if (queue_pairs > facts.max_queue_pairs)
        return fail(Code::E_LIMIT, "{} queue pairs are more than the device's limit of {}", queue_pairs,
                    facts.max_queue_pairs);
    if (models > facts.max_models)
        return fail(Code::E_LIMIT, "{} models are more than the device's limit of {}", models,
                    facts.max_models);
    const auto pairs = static_cast<std::uint16_t>(queue_pairs);
    const rte_ml_dev_config config{facts.numa, static_cast<std::uint16_t>(models), pairs};
    if (const int e = rte_ml_dev_configure(id, &config); e != 0) return refused("configure", e);
    const rte_ml_dev_qp_conf queue{depth, nullptr};
    for (std::uint16_t qp = 0; qp < pairs; ++qp)
        if (const int e = rte_ml_dev_queue_pair_setup(id, qp, &queue, facts.numa); e != 0)
            return refused("set up a queue pair", e);
    if (const int e = rte_ml_dev_start(id); e != 0) return refused("start", e);
    MlDevice device;
    device.facts_ = facts;
    return device;
}

Result<rte_ml_dev_stats> MlDevice::stats() const
{
    rte_ml_dev_stats stats{};
    if (const int e = rte_ml_dev_stats_get(facts_.id, &stats); e != 0)
        return refused("give its statistics", e);
    return stats;
}

std::vector<NamedCount> MlDevice::xstats(const std::string& prefix) const
{
    std::vector<NamedCount> out;
    const int need = rte_ml_dev_xstats_names_get(facts_.id, RTE_ML_DEV_XSTATS_DEVICE, -1, nullptr, 0);
    if (need <= 0) return out;
    std::vector<rte_ml_dev_xstats_map> names(static_cast<std::size_t>(need));
    const int have = rte_ml_dev_xstats_names_get(facts_.id, RTE_ML_DEV_XSTATS_DEVICE, -1, names.data(),
                                                 static_cast<std::uint32_t>(need));
    for (int i = 0; i < have && i < need; ++i) {
        const auto& row = names[static_cast<std::size_t>(i)];
        const std::string name(row.name, ::strnlen(row.name, sizeof row.name));
        std::uint64_t value = 0;
        if (name.rfind(prefix, 0) == 0 &&
            rte_ml_dev_xstats_by_name_get(facts_.id, name.c_str(), nullptr, &value) == 0)
            out.push_back({name, value});
    }
    return out;
}

Result<void> MlDevice::close()
{
    if (!open_) return {};
    open_ = false;
    if (const int e = rte_ml_dev_stop(facts_.id); e != 0) return refused("stop", e);
    if (const int e = rte_ml_dev_close(facts_.id); e != 0) return refused("close", e);
    return {};
}

} // namespace qaic::perf
