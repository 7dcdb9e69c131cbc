// SPDX-License-Identifier: BSD-3-Clause
// Model operations of the mldev API.
#include "qaic/mldev_guard.hpp"
#include "qaic/mldev_table.hpp"

namespace qaic {
namespace {

void publish(rte_ml_dev* dev, std::uint16_t id, const Model* model) noexcept
{
    if (dev->data->models != nullptr && id < dev->data->nb_models)
        dev->data->models[id] = const_cast<Model*>(model); // NOLINT: the API's array is of void*
}

} // namespace

int ml_model_load(rte_ml_dev* dev, rte_ml_model_params* params, std::uint16_t* model_id)
{
    return guarded([&]() -> Result<void> {
        auto& device = device_of(dev);
        if (params->addr == nullptr || params->size == 0)
            return fail(Code::E_INVAL, "{}: model_load: no bytes given", dev->data->name);
        const auto* bytes = static_cast<const std::byte*>(params->addr);
        QAIC_TRY(*model_id, device.load_model({bytes, params->size}));
        publish(dev, *model_id, device.model(*model_id));
        return {};
    });
}

int ml_model_unload(rte_ml_dev* dev, std::uint16_t id)
{
    return guarded([&]() -> Result<void> {
        auto done = device_of(dev).unload_model(id);
        if (device_of(dev).model(id) == nullptr) publish(dev, id, nullptr);
        return done;
    });
}

int ml_model_start(rte_ml_dev* dev, std::uint16_t id)
{
    return guarded([&] { return device_of(dev).start_model(id); });
}
int ml_model_stop(rte_ml_dev* dev, std::uint16_t id)
{
    return guarded([&] { return device_of(dev).stop_model(id); });
}

int ml_model_info_get(rte_ml_dev* dev, std::uint16_t id, rte_ml_model_info* info)
{
    return guarded([&]() -> Result<void> {
        const auto* model = device_of(dev).model(id);
        if (model == nullptr)
            return fail(Code::E_INVAL, "{}: no model of this id got={}", dev->data->name, id);
        model->fill(*info);
        info->model_id = id;
        info->device_id = static_cast<std::uint16_t>(dev->data->dev_id);
        return {};
    });
}

int ml_model_params_update(rte_ml_dev* dev, std::uint16_t id, void* /*buffer*/)
{
    return guarded([&]() -> Result<void> {
        if (device_of(dev).model(id) == nullptr)
            return fail(Code::E_INVAL, "{}: no model of this id got={}", dev->data->name, id);
        return fail(Code::E_UNSUPP, "{}: parameters cannot be updated: load the model again",
                    dev->data->name);
    });
}

} // namespace qaic
