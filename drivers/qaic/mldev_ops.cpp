// SPDX-License-Identifier: BSD-3-Clause
// Device operations of the mldev API and the table of all operations. Contract: dpdk-driver-guide.md 3.3.
#include "qaic/mldev_guard.hpp"
#include "qaic/mldev_table.hpp"
#include <rte_malloc.h>

namespace qaic {
namespace {

void* new_array(std::uint16_t entries, int socket)
{
    return rte_zmalloc_socket("qaic_ml_data", entries * sizeof(void*), 0, socket);
}

int dev_configure(rte_ml_dev* dev, const rte_ml_dev_config* config)
{
    return guarded([&]() -> Result<void> {
        QAIC_CHECK(device_of(dev).configure(config->nb_queue_pairs, config->nb_models));
        forget_queues(dev);
        auto* const pairs = new_array(config->nb_queue_pairs, config->socket_id);
        auto* const models = new_array(config->nb_models, config->socket_id);
        if (pairs == nullptr || models == nullptr) {
            rte_free(pairs), rte_free(models);
            return fail(Code::E_HUGE, "{}: no EAL memory for {} queue pairs and {} models", dev->data->name,
                        config->nb_queue_pairs, config->nb_models);
        }
        dev->data->queue_pairs = static_cast<void**>(pairs);
        dev->data->models = static_cast<void**>(models);
        dev->data->nb_queue_pairs = config->nb_queue_pairs;
        dev->data->nb_models = config->nb_models;
        ml_of(dev).bursts.use(dev, ml_enqueue_burst, ml_dequeue_burst, false);
        return {};
    });
}

int dev_start(rte_ml_dev* dev)
{
    return guarded([&] { return device_of(dev).start(); });
}
int dev_stop(rte_ml_dev* dev)
{
    return guarded([&] { return device_of(dev).stop(dev->data->dev_id); });
}

int dev_close(rte_ml_dev* dev)
{
    return guarded([&]() -> Result<void> {
        auto& ml = ml_of(dev);
        if (ml.device->closed()) return fail(Code::E_UNSUPP, "{}: device is closed", dev->data->name);
        QAIC_CHECK(ml.device->close(false, dev->data->dev_id));
        ml.housekeeping->stop();
        forget_queues(dev);
        return {};
    });
}

int dev_dump(rte_ml_dev* dev, FILE* to)
{
    return guarded([&]() -> Result<void> {
        if (std::fputs(device_of(dev).dump().c_str(), to) < 0)
            return fail(Code::E_DMA, "{}: writing the dump failed", dev->data->name);
        return {};
    });
}

int dev_selftest(rte_ml_dev* dev)
{
    return guarded([&] { return device_of(dev).selftest(); });
}

} // namespace

int ml_dev_info_get(rte_ml_dev* dev, rte_ml_dev_info* info)
{
    info->driver_name = dev->device->driver != nullptr ? dev->device->driver->name : "ml_qaic";
    info->max_models = DeviceLimits::models;
    info->max_queue_pairs = DeviceLimits::queue_pairs;
    info->max_desc = DeviceLimits::desc;
    info->max_io = DeviceLimits::io;
    info->max_segments = dbc::max_segments;
    info->align_size = DeviceLimits::align;
    return 0;
}

void forget_queues(rte_ml_dev* dev) noexcept
{
    ml_of(dev).bursts.use(dev, ml_no_burst, ml_no_burst, true);
    rte_free(dev->data->queue_pairs);
    rte_free(dev->data->models);
    dev->data->queue_pairs = nullptr;
    dev->data->models = nullptr;
    dev->data->nb_queue_pairs = dev->data->nb_models = 0;
}

// Not const: rte_ml_dev holds a plain pointer to it.
rte_ml_dev_ops ml_ops = {
    .dev_info_get = ml_dev_info_get,
    .dev_configure = dev_configure,
    .dev_close = dev_close,
    .dev_start = dev_start,
    .dev_stop = dev_stop,
    .dev_queue_pair_setup = ml_queue_pair_setup,
    .dev_queue_pair_release = ml_queue_pair_release,
    .dev_stats_get = ml_stats_get,
    .dev_stats_reset = ml_stats_reset,
    .dev_xstats_names_get = ml_xstats_names_get,
    .dev_xstats_by_name_get = ml_xstats_by_name_get,
    .dev_xstats_get = ml_xstats_get,
    .dev_xstats_reset = ml_xstats_reset,
    .dev_dump = dev_dump,
    .dev_selftest = dev_selftest,
    .model_load = ml_model_load,
    .model_unload = ml_model_unload,
    .model_start = ml_model_start,
    .model_stop = ml_model_stop,
    .model_info_get = ml_model_info_get,
    .model_params_update = ml_model_params_update,
    .io_quantize = ml_io_quantize,
    .io_dequantize = ml_io_dequantize,
};

} // namespace qaic
