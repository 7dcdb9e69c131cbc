// SPDX-License-Identifier: BSD-3-Clause
// A port from "these queues are wanted" to "running", and back.
#include "pipeline/ports/port_table.hpp"
#include <algorithm>
#include <rte_bus_vdev.h>
#include <rte_errno.h>

namespace pipeline::ports {

namespace {

constexpr DriverFacts DRIVERS[] = {
    {"net_pcap", 1000, true},
    {"net_af_packet", 1, false},
};

DriverFacts facts_of(std::string_view driver)
{
    const auto* const at =
        std::find_if(std::begin(DRIVERS), std::end(DRIVERS), [&](const auto& d) { return driver == d.name; });
    return at != std::end(DRIVERS) ? *at : DriverFacts{};
}

/// Only what is asked of every port that can.
rte_eth_conf configuration(const rte_eth_dev_info& info, std::size_t rx_queues, bool timestamps)
{
    rte_eth_conf conf{};
    if (rx_queues > 1 && info.flow_type_rss_offloads != 0) {
        conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
        conf.rx_adv_conf.rss_conf.rss_hf = info.flow_type_rss_offloads;
    }
    if (timestamps) conf.rxmode.offloads |= info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_TIMESTAMP;
    conf.rxmode.offloads |= info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
    conf.txmode.offloads |= info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
    return conf;
}

} // namespace

tl::unexpected<Error> Port::refused(std::string_view what, int error) const
{
    return fail(Code::E_INVAL, "port {}: {}: {} (driver {})", name_, what, rte_strerror(-error),
                info_.driver_name);
}

Result<void> Port::look_up()
{
    if (rte_eth_dev_get_port_by_name(name_.c_str(), &id_) != 0)
        return fail(Code::E_INVAL,
                    "EAL has no port {}: name one it was started with, or give a device to make", name_);
    info_.driver_name = "?";
    if (const int got = rte_eth_dev_info_get(id_, &info_); got != 0) return refused("cannot be asked", got);
    facts_ = facts_of(info_.driver_name);
    return {};
}

Result<std::uint16_t> Port::want(std::vector<QueueWish>& queues, std::uint16_t n, QueueWish wish,
                                 const char* kind)
{
    const bool receives = &queues == &rx_;
    const std::size_t most = receives ? info_.max_rx_queues : info_.max_tx_queues;
    if (tried_.load()) return fail(Code::E_BUSY, "port {} runs already: one pipeline at a time", name_);
    if (queues.size() + n > most)
        return fail(Code::E_LIMIT, "port {} has {} {} queues, {} are wanted: lower queues or replicas", name_,
                    most, kind, queues.size() + n);
    const auto first = static_cast<std::uint16_t>(queues.size());
    queues.insert(queues.end(), n, wish);
    return first;
}

bool Port::start()
{
    std::call_once(once_, [this] {
        tried_.store(true);
        if (auto done = configure_and_start(); !done)
            error_ = std::move(done).error();
        else
            started_.store(true);
    });
    return started_.load();
}

Result<void> Port::configure_and_start()
{
    // Some drivers refuse a port that only receives or only sends (net_tap wants as many of one as of the
    // other).
    auto* const pool = rx_.empty() ? tx_.front().pool : rx_.front().pool;
    if (rx_.empty() && info_.max_rx_queues > 0) rx_.push_back({pool, 0});
    if (tx_.empty() && info_.max_tx_queues > 0) tx_.push_back({pool, 0});
    const auto conf = configuration(info_, rx_.size(), facts_.ns_per_tick != 0);
    const auto n_rx = static_cast<std::uint16_t>(rx_.size()), n_tx = static_cast<std::uint16_t>(tx_.size());
    if (const int e = rte_eth_dev_configure(id_, n_rx, n_tx, &conf); e != 0)
        return refused(fmt::format("{} receive and {} transmit queues", n_rx, n_tx), e);
    QAIC_CHECK(set_up_queues(info_));
    if (const int e = rte_eth_dev_start(id_); e != 0) return refused("does not start", e);
    // One that cannot has nothing to filter (or says so by what comes).
    if (promiscuous_) (void)rte_eth_promiscuous_enable(id_);
    return {};
}

Result<void> Port::set_up_queues(const rte_eth_dev_info& info)
{
    constexpr std::uint16_t usual = 1024;
    const auto socket = static_cast<unsigned>(rte_eth_dev_socket_id(id_));
    for (std::uint16_t q = 0; q < static_cast<std::uint16_t>(rx_.size()); ++q) {
        std::uint16_t n = rx_[q].descriptors != 0 ? rx_[q].descriptors : usual;
        if (const int e = rte_eth_dev_adjust_nb_rx_tx_desc(id_, &n, nullptr); e != 0)
            return refused("descriptors", e);
        rte_eth_rxconf conf = info.default_rxconf;
        if (const int e = rte_eth_rx_queue_setup(id_, q, n, socket, &conf, rx_[q].pool); e != 0)
            return refused(fmt::format("receive queue {} of {} descriptors", q, n), e);
    }
    for (std::uint16_t q = 0; q < static_cast<std::uint16_t>(tx_.size()); ++q) {
        std::uint16_t n = tx_[q].descriptors != 0 ? tx_[q].descriptors : usual;
        if (const int e = rte_eth_dev_adjust_nb_rx_tx_desc(id_, nullptr, &n); e != 0)
            return refused("descriptors", e);
        rte_eth_txconf conf = info.default_txconf;
        if (const int e = rte_eth_tx_queue_setup(id_, q, n, socket, &conf); e != 0)
            return refused(fmt::format("transmit queue {} of {} descriptors", q, n), e);
    }
    return {};
}

rte_eth_stats Port::stats() const
{
    rte_eth_stats s{};
    if (started_.load(std::memory_order_acquire)) (void)rte_eth_stats_get(id_, &s);
    return s;
}

Port::~Port()
{
    if (started_.load()) (void)rte_eth_dev_stop(id_);
    if (made_) (void)rte_vdev_uninit(name_.c_str());
}

} // namespace pipeline::ports
