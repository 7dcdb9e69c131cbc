// SPDX-License-Identifier: BSD-3-Clause
// Device operations in a secondary process: bursts on its own queue pairs, what only looks by way of the
// primary, and no control.
#include "qaic/mldev_fast.hpp"
#include "qaic/mldev_guard.hpp"
#include "qaic/mldev_table.hpp"
#include "qaic/secondary/attached.hpp"
#include <algorithm>
#include <cstring>

namespace qaic::secondary {
namespace {

/// The queue pair if it is ours and not taken by the native API.
QueuePair* cooked(const rte_ml_dev* dev, std::uint16_t qp_id) noexcept
{
    auto* const qp = pair_of(dev, qp_id);
    return likely(qp != nullptr) && !qp->raw.load(std::memory_order_relaxed) ? qp : nullptr;
}

template<std::size_t N>
struct Text {
    constexpr Text(const char (&from)[N]) noexcept { std::copy_n(from, N, text); } // NOLINT: a literal
    char text[N]{};
};

/// Every control call: one line, and the device is not touched.
template<Text what, class... A>
int refuse(rte_ml_dev* dev, A...)
{
    return guarded([&]() -> Result<void> {
        return fail(Code::E_UNSUPP, "{}: {} in a secondary process: do it in the primary", dev->data->name,
                    what.text);
    });
}
void refuse_stats_reset(rte_ml_dev* dev) { (void)refuse<"stats_reset">(dev); }

Result<Attached*> mine(const rte_ml_dev* dev)
{
    if (auto* const a = find(dev); a != nullptr) return a;
    return fail(Code::E_STATE, "{}: device is being removed", dev->data->name);
}

struct Table {
    Statistics head;
    std::vector<XstatRow> rows;
};

Result<Table> fetch(const rte_ml_dev* dev)
{
    QAIC_TRY(auto* const a, mine(dev));
    QAIC_TRY(const auto letter, ask_for_letter(*a, Ask::STATISTICS));
    Table t;
    const auto bad = [&] { return fail(Code::E_PROTO, "{}: statistics are cut short", a->name); };
    if (letter.size() < sizeof t.head) return bad();
    std::memcpy(&t.head, letter.data(), sizeof t.head);
    if ((letter.size() - sizeof t.head) / sizeof(XstatRow) < t.head.rows) return bad();
    t.rows.resize(t.head.rows);
    if (!t.rows.empty())
        std::memcpy(t.rows.data(), letter.data() + sizeof t.head, t.rows.size() * sizeof(XstatRow));
    for (auto& row : t.rows) row.name[sizeof row.name - 1] = '\0';
    return t;
}

int stats_get(rte_ml_dev* dev, rte_ml_dev_stats* stats)
{
    return guarded([&]() -> Result<void> {
        QAIC_TRY(const auto t, fetch(dev));
        *stats = t.head.stats;
        return {};
    });
}

/// Rows of a mode; model -1: of all models. A C caller's enum may hold any value.
Result<std::vector<XstatRow>> rows_of(const rte_ml_dev* dev, const rte_ml_dev_xstats_mode& mode,
                                      std::int32_t model)
{
    std::uint32_t number = 0;
    std::memcpy(&number, &mode, sizeof number);
    if (number != RTE_ML_DEV_XSTATS_DEVICE && number != RTE_ML_DEV_XSTATS_MODEL)
        return fail(Code::E_INVAL, "{}: xstats mode got={}", dev->data->name, number);
    QAIC_TRY(auto t, fetch(dev));
    const bool of_device = number == RTE_ML_DEV_XSTATS_DEVICE;
    std::erase_if(t.rows, [&](const XstatRow& r) {
        return of_device != (r.model == XstatRow::device) || (!of_device && model != -1 && model != r.model);
    });
    if (t.rows.empty() && model != -1)
        return fail(Code::E_INVAL, "{}: xstats: no model of this id got={}", dev->data->name, model);
    return std::move(t.rows);
}

int names_get(rte_ml_dev* dev, rte_ml_dev_xstats_mode mode, std::int32_t model, rte_ml_dev_xstats_map* map,
              std::uint32_t size)
{
    int n = 0;
    const int result = guarded([&]() -> Result<void> {
        QAIC_TRY(const auto rows, rows_of(dev, mode, model));
        n = static_cast<int>(rows.size());
        if (map == nullptr || size < rows.size()) return {};
        for (std::size_t i = 0; i < rows.size(); ++i) {
            map[i].id = rows[i].id;
            std::memcpy(map[i].name, rows[i].name, sizeof rows[i].name);
        }
        return {};
    });
    return result != 0 ? result : n;
}

int by_name_get(rte_ml_dev* dev, const char* name, std::uint16_t* id, std::uint64_t* value)
{
    if (id != nullptr) *id = static_cast<std::uint16_t>(-1);
    return guarded([&]() -> Result<void> {
        QAIC_TRY(const auto t, fetch(dev));
        for (const auto& row : t.rows) {
            if (std::strcmp(row.name, name) != 0) continue;
            *value = row.value;
            if (id != nullptr) *id = row.id;
            return {};
        }
        return fail(Code::E_INVAL, "{}: no xstat '{:.127}'", dev->data->name, name);
    });
}

int xstats_get(rte_ml_dev* dev, rte_ml_dev_xstats_mode mode, std::int32_t model, const std::uint16_t* ids,
               std::uint64_t* values, std::uint16_t n)
{
    const int result = guarded([&]() -> Result<void> {
        QAIC_TRY(const auto rows, rows_of(dev, mode, model));
        for (std::uint16_t i = 0; i < n; ++i) {
            const auto row =
                std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.id == ids[i]; });
            if (row == rows.end())
                return fail(Code::E_INVAL, "{}: xstat id got={} is not of this mode and model",
                            dev->data->name, ids[i]);
            values[i] = row->value;
        }
        return {};
    });
    return result != 0 ? result : n;
}

/// What it points to lives as long as the device in this process.
const rte_ml_model_info* keep(Attached& a, std::uint16_t id, std::vector<std::byte> letter)
{
    for (const auto& known : a.models)
        if (known.id == id && known.letter == letter) return &known.info;
    Attached::ModelCopy m;
    std::size_t at = 0;
    const auto take = [&](void* to, std::size_t bytes) {
        const bool there = bytes <= letter.size() - at;
        if (there && bytes != 0) std::memcpy(to, letter.data() + at, bytes);
        at += there ? bytes : 0;
        return there;
    };
    ModelInfo head;
    if (!take(&head, sizeof head) || head.info.nb_inputs > max_model_io ||
        head.info.nb_outputs > max_model_io)
        return nullptr;
    m.id = id, m.info = head.info;
    m.inputs.resize(m.info.nb_inputs), m.outputs.resize(m.info.nb_outputs);
    if (!take(m.inputs.data(), m.inputs.size() * sizeof(rte_ml_io_info)) ||
        !take(m.outputs.data(), m.outputs.size() * sizeof(rte_ml_io_info)))
        return nullptr;
    for (auto* const list : {&m.inputs, &m.outputs})
        for (auto& io : *list) {
            if (io.nb_dims > letter.size() / sizeof(std::uint32_t)) return nullptr;
            auto& shape = m.shapes.emplace_back(io.nb_dims);
            if (!take(shape.data(), shape.size() * sizeof(std::uint32_t))) return nullptr;
            io.shape = shape.data();
        }
    m.letter = std::move(letter);
    auto& kept = a.models.emplace_back(std::move(m)); // vectors move their memory along
    kept.info.input_info = kept.inputs.data(), kept.info.output_info = kept.outputs.data();
    return &kept.info;
}

int model_info_get(rte_ml_dev* dev, std::uint16_t id, rte_ml_model_info* info)
{
    return guarded([&]() -> Result<void> {
        QAIC_TRY(auto* const a, mine(dev));
        QAIC_TRY(auto letter, ask_for_letter(*a, Ask::MODEL_INFO, id));
        const std::lock_guard lock(a->lock);
        const auto* const known = keep(*a, id, std::move(letter));
        if (known == nullptr)
            return fail(Code::E_PROTO, "{}: model {}: description is cut short", a->name, id);
        *info = *known;
        info->device_id = static_cast<std::uint16_t>(dev->data->dev_id);
        return {};
    });
}

} // namespace

std::uint16_t enqueue(rte_ml_dev* dev, std::uint16_t qp_id, rte_ml_op** ops, std::uint16_t n) noexcept
{
    auto* const qp = cooked(dev, qp_id);
    return likely(qp != nullptr) ? fast::enqueue_burst(*qp, ops, n) : std::uint16_t{0};
}
std::uint16_t dequeue(rte_ml_dev* dev, std::uint16_t qp_id, rte_ml_op** ops, std::uint16_t n) noexcept
{
    auto* const qp = cooked(dev, qp_id);
    return likely(qp != nullptr) ? fast::dequeue_burst(*qp, ops, n) : std::uint16_t{0};
}

// Not const: rte_ml_dev holds a plain pointer to it.
rte_ml_dev_ops secondary_ops = {
    .dev_info_get = ml_dev_info_get,
    .dev_configure = refuse<"configure">,
    .dev_close = refuse<"close">,
    .dev_start = refuse<"start">,
    .dev_stop = refuse<"stop">,
    .dev_queue_pair_setup = refuse<"queue_pair_setup">,
    .dev_queue_pair_release = refuse<"queue_pair_release">,
    .dev_stats_get = stats_get,
    .dev_stats_reset = refuse_stats_reset,
    .dev_xstats_names_get = names_get,
    .dev_xstats_by_name_get = by_name_get,
    .dev_xstats_get = xstats_get,
    .dev_xstats_reset = refuse<"xstats_reset">,
    .dev_dump = refuse<"dump">,
    .dev_selftest = refuse<"selftest">,
    .model_load = refuse<"model_load">,
    .model_unload = refuse<"model_unload">,
    .model_start = refuse<"model_start">,
    .model_stop = refuse<"model_stop">,
    .model_info_get = model_info_get,
    .model_params_update = refuse<"model_params_update">,
    .io_quantize = refuse<"io_quantize">,
    .io_dequantize = refuse<"io_dequantize">,
};

} // namespace qaic::secondary
