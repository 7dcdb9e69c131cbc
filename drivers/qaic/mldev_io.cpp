// SPDX-License-Identifier: BSD-3-Clause
// Conversions of the mldev API. Any thread, no lock; a model's tensors are constant while it is loaded.
#include "qaic/mldev_guard.hpp"
#include "qaic/mldev_table.hpp"
#include "qaic/quantize.hpp"

namespace qaic {
namespace {

/// PACKED layout: one segment holds everything.
Result<MutSpan> packed(rte_ml_buff_seg** buffer, std::string_view what)
{
    if (buffer == nullptr || buffer[0] == nullptr || buffer[0]->addr == nullptr)
        return fail(Code::E_INVAL, "{} buffer missing", what);
    if (buffer[0]->next != nullptr) return fail(Code::E_INVAL, "{} buffer: segments got=2+ limit=1", what);
    return MutSpan{static_cast<std::byte*>(buffer[0]->addr), buffer[0]->length};
}

Result<const Model*> loaded(rte_ml_dev* dev, std::uint16_t id)
{
    if (const auto* model = device_of(dev).model(id)) return model;
    return fail(Code::E_INVAL, "{}: no model of this id got={}", dev->data->name, id);
}

} // namespace

int ml_io_quantize(rte_ml_dev* dev, std::uint16_t id, rte_ml_buff_seg** dbuffer, rte_ml_buff_seg** qbuffer)
{
    return guarded([&]() -> Result<void> {
        QAIC_TRY(const auto* model, loaded(dev, id));
        QAIC_TRY(const auto from, packed(dbuffer, "float"));
        QAIC_TRY(const auto to, packed(qbuffer, "quantized"));
        return quantize(model->layout().inputs, from, to, best_isa());
    });
}

int ml_io_dequantize(rte_ml_dev* dev, std::uint16_t id, rte_ml_buff_seg** qbuffer, rte_ml_buff_seg** dbuffer)
{
    return guarded([&]() -> Result<void> {
        QAIC_TRY(const auto* model, loaded(dev, id));
        QAIC_TRY(const auto from, packed(qbuffer, "quantized"));
        QAIC_TRY(const auto to, packed(dbuffer, "float"));
        return dequantize(model->layout().outputs, from, to, best_isa());
    });
}

} // namespace qaic
