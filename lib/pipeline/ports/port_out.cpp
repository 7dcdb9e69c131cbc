// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/ports/port_table.hpp"
#include "pipeline/ports/ports.hpp"
#include <algorithm>
#include <array>
#include <rte_pause.h>

namespace pipeline::ports {
namespace {

constexpr const char* PORT_OUT_OPTIONS[] = {"port", "device", "descriptors", "promiscuous", "tries", nullptr};
constexpr const char* PORT_OUT_REASONS[] = {"no_packet", "port_full", "port_down", nullptr};
constexpr std::uint8_t NO_PACKET = QAIC_PIPE_DROP, PORT_FULL = NO_PACKET + 1, PORT_DOWN = NO_PACKET + 2;

class PortSink {
  public:
    static Result<std::unique_ptr<PortSink>> make(const qaic_pipe_setup& setup);

    // HOT, but for the first call.
    void run(Burst b)
    {
        if (!running_ && !begin()) {
            std::fill(b.verdict, b.verdict + b.items.size(), PORT_DOWN);
            return;
        }
        for (std::size_t at = 0; at < b.items.size(); at += CHUNK)
            send(b.items.subspan(at, std::min(CHUNK, b.items.size() - at)), b.verdict + at);
    }

    Result<void> start() { return start_all(); }

    Result<void> finish()
    {
        if (failed_) return tl::unexpected<Error>(port_->error());
        return {};
    }

    std::uint32_t counts(std::span<qaic_pipe_count> out) const
    {
        const auto s = port_ ? port_->stats() : rte_eth_stats{};
        const std::array<qaic_pipe_count, 3> all{
            {{"sent", sent_.get()}, {"offered_again", again_.get()}, {"send_errors", s.oerrors}}};
        return give_counts(out, all);
    }

  private:
    static constexpr std::size_t CHUNK = 64;
    PortSink() = default;

    bool begin()
    {
        running_ = port_->start();
        failed_ = !running_;
        id_ = port_->id();
        return running_;
    }

    void send(std::span<rte_mbuf*> items, std::uint8_t* verdict)
    {
        std::array<rte_mbuf*, CHUNK> packets;
        std::array<std::uint8_t, CHUNK> from;
        std::uint16_t n = 0;
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (items[i]->pkt_len == 0) {
                verdict[i] = NO_PACKET;
                continue;
            }
            packets[n] = items[i];
            from[n++] = static_cast<std::uint8_t>(i);
        }
        const auto went = offer({packets.data(), n});
        for (std::uint16_t k = 0; k < n; ++k)
            verdict[from[k]] = k < went ? std::uint8_t{QAIC_PIPE_TAKEN} : PORT_FULL;
        sent_.add(went);
    }

    /// How many of them, from the front, the port has taken.
    std::uint16_t offer(std::span<rte_mbuf*> packets)
    {
        const auto n = static_cast<std::uint16_t>(packets.size());
        std::uint16_t went = 0;
        for (std::uint32_t k = 0; went < n && k < tries_; ++k) {
            if (k != 0) {
                again_.add(1);
                rte_pause();
            }
            went = static_cast<std::uint16_t>(went + rte_eth_tx_burst(id_, queue_, packets.data() + went,
                                                                      static_cast<std::uint16_t>(n - went)));
        }
        return went;
    }

    std::shared_ptr<Port> port_;
    std::uint32_t tries_ = 1;
    std::uint16_t id_ = 0, queue_ = 0;
    bool running_ = false, failed_ = false;
    LiveCount sent_, again_;
};

Result<std::unique_ptr<PortSink>> PortSink::make(const qaic_pipe_setup& setup)
{
    const Options options(setup);
    QAIC_TRY(const auto descriptors, options.integer("descriptors", 0, 32768, 0));
    QAIC_TRY(const auto promiscuous, options.boolean("promiscuous", false));
    QAIC_TRY(const auto tries, options.integer("tries", 1, 1'000'000, 64));
    QAIC_TRY(auto port, port_of(setup));
    std::unique_ptr<PortSink> s(new PortSink);
    s->tries_ = static_cast<std::uint32_t>(tries);
    if (!port) return s;
    const auto queue = port->want_tx(1, {setup.pool, static_cast<std::uint16_t>(descriptors)});
    if (!queue) return fail_at(fmt::format("{}: stage {}", setup.place, setup.stage), queue.error());
    if (promiscuous) port->want_promiscuous();
    s->queue_ = *queue;
    s->port_ = std::move(port);
    return s;
}

} // namespace
} // namespace pipeline::ports

const qaic_pipe_stage stage_port_out = pipeline::stage_of<pipeline::ports::PortSink>(
    "port-out", QAIC_PIPE_SINK, pipeline::ports::PORT_OUT_OPTIONS, pipeline::ports::PORT_OUT_REASONS);
