// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/ports/port_table.hpp"
#include "pipeline/ports/ports.hpp"
#include <algorithm>
#include <array>
#include <rte_cycles.h>
#include <rte_mbuf_dyn.h>

namespace pipeline::ports {
namespace {

constexpr const char* PORT_OPTIONS[] = {"port",        "device",  "queues",           "descriptors",
                                        "promiscuous", "packets", "end_when_idle_ms", nullptr};

class PortSource {
  public:
    static Result<std::unique_ptr<PortSource>> make(const qaic_pipe_setup& setup);

    /// Ports fill what one mbuf has; more is a chain.
    [[nodiscard]] std::uint32_t room() const { return RTE_MBUF_DEFAULT_DATAROOM; }

    Result<void> start() { return start_all(); }

    // HOT, but for the first call.
    std::uint16_t run(Burst b)
    {
        if (!running_ && !begin()) return QAIC_PIPE_END;
        if (ended_) return QAIC_PIPE_END;
        const auto most = std::min<std::uint64_t>(b.items.size(), packets_ - taken_);
        const auto n = receive(b.items.first(affordable(static_cast<std::uint16_t>(most))));
        for (std::uint16_t i = 0; i < n; ++i) fill(*b.items[i]);
        taken_ += n;
        if (taken_ == packets_) ended_ = true;
        if (idle_cycles_ != 0) see_idle(n);
        return n == 0 && ended_ ? QAIC_PIPE_END : n;
    }

    Result<void> finish()
    {
        if (failed_) return tl::unexpected<Error>(port_->error());
        return {};
    }

    std::uint32_t counts(std::span<qaic_pipe_count> out) const
    {
        const auto s = port_ ? port_->stats() : rte_eth_stats{};
        const std::array<qaic_pipe_count, 4> all{{{"missed", s.imissed},
                                                  {"no_mbuf", s.rx_nombuf},
                                                  {"receive_errors", s.ierrors},
                                                  {"no_item", no_item_.get()}}};
        return give_counts(out, all);
    }

  private:
    PortSource() = default;

    bool begin()
    {
        failed_ = !port_->start();
        if (failed_) return false;
        id_ = port_->id();
        if (port_->facts().ns_per_tick != 0) {
            time_at_ = rte_mbuf_dynfield_lookup(RTE_MBUF_DYNFIELD_TIMESTAMP_NAME, nullptr);
            const int bit = rte_mbuf_dynflag_lookup(RTE_MBUF_DYNFLAG_RX_TIMESTAMP_NAME, nullptr);
            has_time_ = time_at_ >= 0 && bit >= 0 ? std::uint64_t{1} << bit : 0;
        }
        last_ = rte_rdtsc();
        running_ = true;
        return true;
    }

    /// How many packets may be asked for. The mbufs go through this lcore's cache and are there for the
    /// driver.
    std::uint16_t affordable(std::uint16_t n)
    {
        if (!port_->facts().loses_without_mbuf || n == 0) return n;
        std::array<void*, 64> some;
        for (n = std::min<std::uint16_t>(n, some.size()); n != 0; n = static_cast<std::uint16_t>(n / 2))
            if (rte_mempool_get_bulk(pool_, some.data(), n) == 0) {
                rte_mempool_put_bulk(pool_, some.data(), n);
                return n;
            }
        no_item_.add(1);
        last_ = rte_rdtsc(); // nothing comes because nothing can
        return 0;
    }

    std::uint16_t receive(std::span<rte_mbuf*> into)
    {
        std::uint16_t got = 0;
        for (std::uint16_t k = 0; k < queues_ && got < into.size(); ++k) {
            const auto q = static_cast<std::uint16_t>(first_ + turn_);
            got = static_cast<std::uint16_t>(
                got +
                rte_eth_rx_burst(id_, q, into.data() + got, static_cast<std::uint16_t>(into.size() - got)));
            turn_ = turn_ + 1u < queues_ ? static_cast<std::uint16_t>(turn_ + 1) : std::uint16_t{0};
        }
        return got;
    }

    void fill(rte_mbuf& m) const
    {
        auto& item = *qaic_pipe_item_of(&m);
        item.captured_ns =
            (m.ol_flags & has_time_) != 0
                ? *RTE_MBUF_DYNFIELD(&m, time_at_, rte_mbuf_timestamp_t*) * port_->facts().ns_per_tick
                : 0;
        item.tensor_off = item.tensor_bytes = 0;
        item.free_off = std::uint32_t{m.data_off} + m.data_len;
        item.label = QAIC_PIPE_NO_LABEL;
        item.score = 0;
        item.weight = 1;
    }

    void see_idle(std::uint16_t n)
    {
        const auto now = rte_rdtsc();
        if (n != 0 || !(begun_ || idle_from_start_)) {
            begun_ = begun_ || n != 0;
            last_ = now;
        } else if (now - last_ > idle_cycles_) {
            ended_ = true;
        }
    }

    std::shared_ptr<Port> port_;
    rte_mempool* pool_ = nullptr;
    std::uint64_t packets_ = UINT64_MAX, taken_ = 0;
    std::uint64_t idle_cycles_ = 0, last_ = 0; ///< last_: when something came, or nothing could
    std::uint64_t has_time_ = 0;               ///< the flag of a packet that has a time
    int time_at_ = -1;
    std::uint16_t id_ = 0, first_ = 0, queues_ = 1, turn_ = 0;
    bool running_ = false, failed_ = false, ended_ = false, begun_ = false, idle_from_start_ = false;
    LiveCount no_item_;
};

Result<std::unique_ptr<PortSource>> PortSource::make(const qaic_pipe_setup& setup)
{
    const Options options(setup);
    QAIC_TRY(const auto queues, options.integer("queues", 1, 1024, 1));
    QAIC_TRY(const auto descriptors, options.integer("descriptors", 0, 32768, 0));
    QAIC_TRY(const auto promiscuous, options.boolean("promiscuous", true));
    QAIC_TRY(const auto packets, options.integer("packets", 0, INT64_MAX, 0));
    const auto device = options.has("device") ? options.text("device").value_or("") : std::string();
    const bool file =
        device.find("rx_pcap=") != std::string::npos && device.find("infinite_rx=1") == std::string::npos;
    QAIC_TRY(const auto idle_ms, options.integer("end_when_idle_ms", 0, 86'400'000, file ? 100 : 0));
    QAIC_TRY(auto port, port_of(setup));
    std::unique_ptr<PortSource> s(new PortSource);
    s->pool_ = setup.pool;
    s->queues_ = static_cast<std::uint16_t>(queues);
    if (packets != 0) s->packets_ = static_cast<std::uint64_t>(packets);
    s->idle_cycles_ =
        static_cast<std::uint64_t>(static_cast<double>(idle_ms) / 1e3 * static_cast<double>(setup.tsc_hz));
    s->idle_from_start_ = file;
    if (!port) return s;
    const QueueWish wish{setup.pool, static_cast<std::uint16_t>(descriptors)};
    const auto first = port->want_rx(s->queues_, wish);
    if (!first) return fail_at(fmt::format("{}: stage {}", setup.place, setup.stage), first.error());
    if (promiscuous) port->want_promiscuous();
    s->first_ = *first;
    s->port_ = std::move(port);
    return s;
}

} // namespace
} // namespace pipeline::ports

const qaic_pipe_stage stage_port = pipeline::stage_of<pipeline::ports::PortSource>(
    "port", QAIC_PIPE_SOURCE, pipeline::ports::PORT_OPTIONS, nullptr);
