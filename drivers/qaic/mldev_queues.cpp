// SPDX-License-Identifier: BSD-3-Clause
// Queue pairs of the mldev API, and what became of their failed operations.
#include "qaic/mldev_guard.hpp"
#include "qaic/mldev_table.hpp"
#include <algorithm>

namespace qaic {
namespace {

template<std::size_t N>
void set_text(char (&to)[N], std::string_view text) noexcept
{
    const auto n = std::min(text.size(), N - 1);
    std::copy_n(text.data(), n, to);
    to[n] = '\0';
}

std::string fate_text(std::string_view device, const OpFate& f)
{
    auto text = fmt::format("{} {}: ", device, code_name(f.code));
    if (f.rule != 0 && f.rule < std::size(op_rule_text))
        text += op_rule_text[f.rule];
    else if (f.code == Code::E_DMA)
        text += fmt::format("transfer failed code got={:#x} limit=0", f.card_code);
    else
        text += code_text(f.code);
    if (f.guard != dbc::Guard::NONE && static_cast<std::size_t>(f.guard) < std::size(dbc::guard_table))
        text += fmt::format(" ({}: {})", dbc::guard_info(f.guard).name, dbc::guard_info(f.guard).text);
    if (f.rule == 0) text += fmt::format(" dbc={}", f.dbc);
    return text;
}

} // namespace

int ml_queue_pair_setup(rte_ml_dev* dev, std::uint16_t id, const rte_ml_dev_qp_conf* conf, int /*socket*/)
{
    return guarded([&]() -> Result<void> {
        if (dev->data->queue_pairs == nullptr)
            return fail(Code::E_INVAL, "{}: configure the device before setting up queue pairs",
                        dev->data->name);
        QAIC_TRY(auto* const qp, device_of(dev).setup_queue_pair(id, conf->nb_desc, conf->cb));
        dev->data->queue_pairs[id] = qp;
        return {};
    });
}

int ml_queue_pair_release(rte_ml_dev* dev, std::uint16_t id)
{
    return guarded([&]() -> Result<void> {
        QAIC_CHECK(device_of(dev).release_queue_pair(id));
        if (dev->data->queue_pairs != nullptr && id < dev->data->nb_queue_pairs)
            dev->data->queue_pairs[id] = nullptr;
        return {};
    });
}

int ml_op_error_get(rte_ml_dev* dev, rte_ml_op* op, rte_ml_op_error* error) noexcept
{
    if (op->status != RTE_ML_OP_STATUS_ERROR) return -EINVAL;
    const auto fate = OpFate::unpack(op->impl_opaque);
    error->errcode = static_cast<std::uint64_t>(fate.code);
    try {
        set_text(error->message, fate_text(dev->data->name, fate));
    } catch (const std::bad_alloc&) {
        set_text(error->message, code_text(fate.code));
    }
    return 0;
}

} // namespace qaic
