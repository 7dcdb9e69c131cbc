// SPDX-License-Identifier: BSD-3-Clause
// EAL's message thread runs answer(). It must not wait: EAL's own messages about memory go through it, and a
// control thread that holds a device's lock may be waiting for one.
#include "qaic/secondary/primary.hpp"
#include "qaic/mldev_guard.hpp"
#include "qaic/mldev_xstats_table.hpp"
#include "qaic/quiesce.hpp"
#include "qaic/secondary/layout.hpp"
#include "qaic/secondary/process.hpp"
#include "qaic/seen/seats.hpp"
#include <cstring>
#include <rte_errno.h>

namespace qaic::secondary {
namespace {

/// One answer: a reply, and perhaps a file descriptor with it.
struct Answer {
    Reply reply;
    int fd = -1;
};

void refuse(Answer& a, const Error& error) noexcept
{
    a = {};
    a.reply.code = static_cast<std::int32_t>(error.code);
    error.text.copy(a.reply.text, sizeof a.reply.text - 1);
}

/// Fills the mailbox piece by piece; what does not fit is an error at the end.
class Letter {
  public:
    explicit Letter(Mailbox& to) : to_(to)
    {
        to_.generation.fetch_add(1);
        to_.bytes = 0;
    }
    void put(const void* from, std::size_t bytes) noexcept
    {
        if (bytes > Mailbox::capacity - at_) {
            fits_ = false;
            return;
        }
        std::memcpy(to_.data.data() + at_, from, bytes);
        at_ += bytes;
    }
    template<class T>
    void put(const T& value) noexcept
    {
        put(&value, sizeof value);
    }
    [[nodiscard]] Result<void> seal(Answer& a, std::string_view device)
    {
        if (!fits_)
            return fail(Code::E_LIMIT, "{}: an answer is larger than limit={}", device, Mailbox::capacity);
        to_.bytes = at_;
        a.reply.generation = to_.generation.fetch_add(1) + 1;
        return {};
    }

  private:
    Mailbox& to_;
    std::size_t at_ = 0;
    bool fits_ = true;
};

Result<void> hello(const seen::Visit& v, Answer& a)
{
    auto& bus = v.device().bus();
    const auto file = bus.dbc_window_file();
    if (file.areas.size() > most_areas)
        return fail(Code::E_UNSUPP, "{}: DBC window in pieces got={} limit={}", bus.name(), file.areas.size(),
                    most_areas);
    a.reply.address = reinterpret_cast<std::uintptr_t>(bus.dbc_window());
    a.reply.mailbox = reinterpret_cast<std::uintptr_t>(&v.ml().secondaries->mailbox());
    a.reply.areas = static_cast<std::uint32_t>(file.areas.size());
    a.reply.file_offset = file.offset;
    a.reply.area = {};
    for (std::size_t i = 0; i < file.areas.size(); ++i)
        a.reply.area[i] = {static_cast<std::uint32_t>(file.areas[i].first),
                           static_cast<std::uint32_t>(file.areas[i].second)};
    a.fd = file.fd;
    return {};
}

std::uint64_t based(MlDevice& ml, std::uint16_t id, std::uint64_t value)
{
    const std::scoped_lock lock(ml.stats_lock);
    const auto base = ml.xstats_base.find(id);
    return base == ml.xstats_base.end() || base->second > value ? value : value - base->second;
}

Result<void> statistics(const seen::Visit& v, Answer& a)
{
    QAIC_TRY(const auto now, v.device().snapshot(Nanos{0}));
    Statistics head;
    for (const auto& q : now.queue_pairs) {
        head.stats.enqueued_count += q.enqueued, head.stats.dequeued_count += q.dequeued;
        head.stats.enqueue_err_count += q.rejected, head.stats.dequeue_err_count += q.failed;
    }
    std::vector<XstatRow> rows;
    const auto add = [&](const std::vector<std::uint16_t>& ids, std::uint16_t model) {
        for (const auto id : ids) {
            const auto value = xstats::value_of(v.device(), now, id);
            if (!value) continue;
            auto& row = rows.emplace_back();
            row.id = id, row.model = model, row.value = based(v.ml(), id, *value);
            xstats::name_of(id).copy(row.name, sizeof row.name - 1);
        }
    };
    add(xstats::device_ids(now), XstatRow::device);
    for (const auto& m : now.models) add(xstats::model_ids(m.id), m.id);
    head.rows = static_cast<std::uint32_t>(rows.size());
    Letter letter(v.ml().secondaries->mailbox());
    letter.put(head);
    letter.put(rows.data(), rows.size() * sizeof(XstatRow));
    return letter.seal(a, v.device().name());
}

Result<void> model_info(const seen::Visit& v, std::uint32_t index, Answer& a)
{
    if (index >= DeviceLimits::models)
        return fail(Code::E_INVAL, "{}: no model of this id got={}", v.device().name(), index);
    Letter letter(v.ml().secondaries->mailbox());
    QAIC_CHECK(v.device().look_at(static_cast<std::uint16_t>(index), [&](const Model& model) {
        ModelInfo m;
        model.fill(m.info);
        m.info.model_id = static_cast<std::uint16_t>(index);
        letter.put(m);
        const auto each = [&](auto&& visit) {
            for (std::uint32_t i = 0; i < m.info.nb_inputs; ++i) visit(m.info.input_info[i]);
            for (std::uint32_t i = 0; i < m.info.nb_outputs; ++i) visit(m.info.output_info[i]);
        };
        each([&](const rte_ml_io_info& io) { letter.put(io); });
        each([&](const rte_ml_io_info& io) { letter.put(io.shape, io.nb_dims * sizeof *io.shape); });
    }));
    return letter.seal(a, v.device().name());
}

Result<void> work(const Request& r, Answer& a)
{
    const std::string name(r.device, strnlen(r.device, sizeof r.device));
    QAIC_CHECK(same_layout(name, r.layout));
    QAIC_TRY(const auto v, seen::Visit::to(name));
    auto& device = v.device();
    const auto index = static_cast<std::uint16_t>(std::min<std::uint32_t>(r.index, 0xffff));
    switch (r.ask) {
    case Ask::HELLO: return hello(v, a);
    case Ask::CLAIM: {
        QAIC_TRY(auto process, watch_process(r.pid, r.started));
        QAIC_TRY(auto* const pair, device.lend(index, std::move(process)));
        a.reply.address = reinterpret_cast<std::uintptr_t>(pair);
        log(LogLevel::INFO, "{}: queue pair {} is used by process {}", name, index, r.pid);
        return {};
    }
    case Ask::RELEASE: return device.take_back(index, static_cast<std::uint64_t>(r.pid));
    case Ask::STATISTICS: return statistics(v, a);
    case Ask::MODEL_INFO: return model_info(v, r.index, a);
    }
    return fail(Code::E_INVAL, "{}: unknown request got={}", name, static_cast<std::uint32_t>(r.ask));
}

int answer(const rte_mp_msg* message, const void* peer)
{
    Request request;
    Answer a;
    try {
        // Size first: of another build it may be anything, but the hash is its first member.
        std::memcpy(
            &request, message->param,
            std::min<std::size_t>(sizeof request, static_cast<std::size_t>(std::max(0, message->len_param))));
        if (message->len_param != static_cast<int>(sizeof request)) request.layout = ~layout_hash();
        if (auto done = work(request, a); !done) refuse(a, done.error());
    } catch (const std::bad_alloc&) {
        refuse(a, Error{Code::E_NOMEM, {}});
    }
    a.reply.layout = layout_hash();
    rte_mp_msg out{};
    std::strncpy(out.name, action, sizeof out.name - 1);
    out.len_param = sizeof a.reply;
    std::memcpy(out.param, &a.reply, sizeof a.reply);
    if (a.fd >= 0) out.num_fds = 1, out.fds[0] = a.fd;
    return rte_mp_reply(&out, static_cast<const char*>(peer));
}

} // namespace

Host::Host(Device& device, rte_ml_dev_data* data)
    : device_(device), mailbox_(place<Mailbox>(device.bus().burst_memory()))
{
    device_.on_shown([data](std::uint16_t id, QueuePair* ours) {
        std::atomic_ref<void*>(data->queue_pairs[id]).store(ours, std::memory_order_release);
    });
}

Host::~Host() { device_.on_shown({}); }

Result<void> begin_primary()
{
    static bool begun = false; // probes come one at a time
    if (begun) return {};
    if (rte_mp_action_register(action, &answer) != 0) {
        if (rte_errno == ENOTSUP || rte_errno == EEXIST) return {};
        return fail(Code::E_NOMEM, "rte_mp_action_register: {}", rte_strerror(rte_errno));
    }
    if (auto shared = quiesce_setup_shared(); !shared) log(LogLevel::NOTICE, "{}", shared.error().message());
    begun = true;
    return {};
}

} // namespace qaic::secondary
