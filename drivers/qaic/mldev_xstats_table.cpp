// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/mldev_xstats_table.hpp"
#include <algorithm>

namespace qaic::xstats {
namespace {

struct Source {
    const Device& device;
    const DeviceSnapshot& now;
};

std::uint64_t stage_us(const Source& s, std::string_view stage)
{
    for (const auto& b : s.now.boot.stages)
        if (b.name == stage) return static_cast<std::uint64_t>(b.took / 1us);
    return 0;
}

template<class Member>
std::uint64_t sum(const Source& s, Member member)
{
    std::uint64_t n = 0;
    for (const auto& q : s.now.queue_pairs) n += q.*member;
    return n;
}

using Qp = QueuePairSnapshot;
struct DeviceRow {
    std::string_view name;
    std::uint64_t (*value)(const Source&);
};
constexpr DeviceRow device_rows[] = {
    {"boot_soc_reset_us", [](const Source& s) { return stage_us(s, "soc_reset"); }},
    {"boot_pbl_us", [](const Source& s) { return stage_us(s, "pbl"); }},
    {"boot_sbl_us", [](const Source& s) { return stage_us(s, "sbl"); }},
    {"boot_sahara_us", [](const Source& s) { return stage_us(s, "sahara"); }},
    {"boot_amss_us", [](const Source& s) { return stage_us(s, "amss"); }},
    {"boot_online_us", [](const Source& s) { return stage_us(s, "online"); }},
    {"boot_total_us", [](const Source& s) { return static_cast<std::uint64_t>(s.now.boot.total / 1us); }},
    {"ops_enqueued", [](const Source& s) { return sum(s, &Qp::enqueued); }},
    {"ops_dequeued", [](const Source& s) { return sum(s, &Qp::dequeued); }},
    {"ops_rejected", [](const Source& s) { return sum(s, &Qp::rejected); }},
    {"ops_failed", [](const Source& s) { return sum(s, &Qp::failed); }},
    {"ops_lost", [](const Source& s) { return s.device.counters().lost_ops.load(); }},
    {"dbc_faults", [](const Source& s) { return s.device.counters().faults.load(); }},
    {"dbc_fences", [](const Source& s) { return s.device.counters().fences.load(); }},
    {"dbc_reactivations", [](const Source& s) { return s.device.counters().reactivations.load(); }},
    {"dbc_quarantines", [](const Source& s) { return s.device.counters().quarantines.load(); }},
    {"card_losses", [](const Source& s) { return s.device.counters().card_losses.load(); }},
    {"card_recoveries", [](const Source& s) { return s.device.counters().card_recoveries.load(); }},
    {"ras_resets", [](const Source& s) { return s.device.counters().ras_resets.load(); }},
    {"crash_dumps", [](const Source& s) { return s.device.counters().crash_dumps.load(); }},
    {"crash_dumps_lost", [](const Source& s) { return s.device.counters().crash_dumps_lost.load(); }},
    {"recovery_failures", [](const Source& s) { return s.device.counters().recovery_failures.load(); }},
    {"retired_bytes", [](const Source& s) { return s.device.counters().retired_bytes.load(); }},
    {"mhi_events", [](const Source& s) { return s.now.mhi.events; }},
    {"mhi_sys_errors", [](const Source& s) { return s.now.mhi.sys_errors; }},
    {"guard_m_erp", [](const Source& s) { return s.now.mhi.m_erp; }},
    {"guard_m_elem", [](const Source& s) { return s.now.mhi.m_elem; }},
    {"guard_m_tre", [](const Source& s) { return s.now.mhi.m_tre; }},
    {"guard_m_len", [](const Source& s) { return s.now.mhi.m_len; }},
    {"guard_m_cmd", [](const Source& s) { return s.now.mhi.m_cmd; }},
    {"nnc_requests", [](const Source& s) { return s.now.nnc.requests; }},
    {"nnc_replies", [](const Source& s) { return s.now.nnc.replies; }},
    {"nnc_late", [](const Source& s) { return s.now.nnc.late; }},
    {"guard_n_hdr", [](const Source& s) { return s.now.nnc.n_hdr; }},
    {"guard_n_crc", [](const Source& s) { return s.now.nnc.n_crc; }},
    {"guard_n_seq", [](const Source& s) { return s.now.nnc.n_seq; }},
    {"guard_n_trx", [](const Source& s) { return s.now.nnc.n_trx; }},
    {"guard_n_dbc", [](const Source& s) { return s.now.nnc.n_dbc; }},
    {"guard_n_cont", [](const Source& s) { return s.now.nnc.n_cont; }},
    {"guard_r_msg", [](const Source& s) { return s.now.services.r_msg; }},
    {"timesync_sent", [](const Source& s) { return s.now.services.timesync_sent; }},
    {"ssr_events", [](const Source& s) { return s.now.services.ssr_events; }},
    {"ras_messages", [](const Source& s) { return s.now.services.ras_messages; }},
    {"ras_correctable", [](const Source& s) { return s.now.services.ce; }},
    {"ras_uncorrectable", [](const Source& s) { return s.now.services.ue; }},
    {"ras_uncorrectable_nonfatal", [](const Source& s) { return s.now.services.ue_nonfatal; }},
};

template<class From>
struct Row {
    std::string_view name;
    std::uint64_t From::*value;
};
constexpr Row<Qp> queue_pair_rows[] = {
    {"enqueued", &Qp::enqueued}, {"dequeued", &Qp::dequeued}, {"rejected", &Qp::rejected},
    {"failed", &Qp::failed},     {"full", &Qp::full},         {"in_flight", &Qp::in_flight},
    {"canceled", &Qp::canceled},
};
constexpr Row<ModelCounters> model_rows[] = {
    {"inferences", &ModelCounters::finished}, {"submitted", &ModelCounters::submitted},
    {"in_flight", &ModelCounters::in_flight}, {"activations", &ModelCounters::activations},
    {"faults", &ModelCounters::faults},       {"errors", &ModelCounters::errors}, // the last one: see below
};

constexpr std::size_t device_count = std::size(device_rows), pair_count = std::size(queue_pair_rows),
                      model_count = std::size(model_rows) - (counts_errors<dbc::Lane> ? 0 : 1),
                      pairs_at = device_count, models_at = pairs_at + DeviceLimits::queue_pairs * pair_count,
                      ids = models_at + DeviceLimits::models * model_count;
static_assert(ids < 0xffff, "ids are 16 bits wide, and -1 says \"none\"");

void append(std::vector<std::uint16_t>& out, std::size_t first, std::size_t count)
{
    for (std::size_t i = 0; i < count; ++i) out.push_back(static_cast<std::uint16_t>(first + i));
}

template<class Entry>
const Entry* with_id(const std::vector<Entry>& entries, std::size_t id)
{
    const auto at = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.id == id; });
    return at != entries.end() ? &*at : nullptr;
}

} // namespace

std::vector<std::uint16_t> device_ids(const DeviceSnapshot& now)
{
    std::vector<std::uint16_t> out;
    append(out, 0, device_count);
    for (const auto& q : now.queue_pairs) append(out, pairs_at + q.id * pair_count, pair_count);
    return out;
}

std::vector<std::uint16_t> model_ids(std::uint16_t model)
{
    std::vector<std::uint16_t> out;
    append(out, models_at + model * model_count, model_count);
    return out;
}

std::string name_of(std::uint16_t id)
{
    if (id < pairs_at) return std::string(device_rows[id].name);
    if (id < models_at)
        return fmt::format("qp{}_{}", (id - pairs_at) / pair_count,
                           queue_pair_rows[(id - pairs_at) % pair_count].name);
    return fmt::format("model{}_{}", (id - models_at) / model_count,
                       model_rows[(id - models_at) % model_count].name);
}

std::optional<std::uint64_t> value_of(const Device& device, const DeviceSnapshot& now, std::uint16_t id)
{
    if (id < pairs_at) return device_rows[id].value({device, now});
    if (id < models_at) {
        const auto* const q = with_id(now.queue_pairs, (id - pairs_at) / pair_count);
        if (q == nullptr) return std::nullopt;
        return q->*queue_pair_rows[(id - pairs_at) % pair_count].value;
    }
    if (id >= ids) return std::nullopt;
    const auto* const m = with_id(now.models, (id - models_at) / model_count);
    return m != nullptr ? value_of(*m, id) : std::nullopt;
}

std::optional<std::uint64_t> value_of(const ModelSnapshot& model, std::uint16_t id)
{
    if (id < models_at || id >= ids || (id - models_at) / model_count != model.id) return std::nullopt;
    return model.counters.*model_rows[(id - models_at) % model_count].value;
}

} // namespace qaic::xstats
