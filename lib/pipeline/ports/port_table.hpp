// SPDX-License-Identifier: BSD-3-Clause
// The ethdev ports that stages of this process use. A port is configured and started once, when all its
// queues are known: by start_all() when the engine has created every stage, else by the first run() on it.
// Not at each create(): drivers there are (net_af_packet) that cannot start again after a stop, and net_pcap
// forgets queues that were not configured at first.
#pragma once
#include "pipeline/stage_of.hpp"
#include <atomic>
#include <map>
#include <mutex>
#include <rte_ethdev.h>
#include <vector>

namespace pipeline::ports {

/// What drivers do that ethdev does not say.
struct DriverFacts {
    const char* name = "";
    std::uint32_t ns_per_tick = 0;   ///< of receive timestamps since 1970; 0: no such
    bool loses_without_mbuf = false; ///< reads a packet before it has an mbuf for it
};

/// One receive or transmit queue as its stage wants it.
struct QueueWish {
    rte_mempool* pool;
    std::uint16_t descriptors;
};

class Port {
  public:
    Port(std::string name, bool made) : name_(std::move(name)), made_(made) {}
    ~Port(); ///< stopped; a virtual one that a stage made is gone
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;

    /// n more queues; the number of the first. E_LIMIT: the port has not so many; E_BUSY: it has started.
    Result<std::uint16_t> want_rx(std::uint16_t n, QueueWish wish) { return want(rx_, n, wish, "receive"); }
    Result<std::uint16_t> want_tx(std::uint16_t n, QueueWish wish) { return want(tx_, n, wish, "transmit"); }
    void want_promiscuous() { promiscuous_ = true; }

    /// Once; later calls, of any thread, wait for the first one and say the same. false: see error().
    bool start();
    [[nodiscard]] const Error& error() const { return error_; } ///< when start() has said false

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] std::uint16_t id() const { return id_; }
    [[nodiscard]] const DriverFacts& facts() const { return facts_; }
    [[nodiscard]] rte_eth_stats stats() const; ///< zeros before it has started

  private:
    friend class PortTable;
    Result<void> look_up();
    Result<std::uint16_t> want(std::vector<QueueWish>& queues, std::uint16_t n, QueueWish wish,
                               const char* kind);
    Result<void> configure_and_start();
    Result<void> set_up_queues(const rte_eth_dev_info& info);
    [[nodiscard]] tl::unexpected<Error> refused(std::string_view what, int error) const;

    std::string name_, device_; ///< device_: the text it was made from
    bool made_;
    std::uint16_t id_ = 0;
    rte_eth_dev_info info_{};
    DriverFacts facts_;
    std::vector<QueueWish> rx_, tx_;
    bool promiscuous_ = false;
    std::once_flag once_;
    std::atomic<bool> started_{false}, tried_{false};
    Error error_;
};

/// Where `port` and `device` of a stage's options lead. Control threads, one at a time. E_INVAL: neither or
/// both, no such port, no driver of that name. Shared; the last holder stops the port. nullptr when only
/// checked.
Result<std::shared_ptr<Port>> port_of(const qaic_pipe_setup& setup);

/// "net_pcap0,rx_pcap=FILE,...": with relative FILEs below `folder`. E_INVAL: a comma in the folder's name,
/// which DPDK's arguments cannot carry. Pure.
Result<std::string> with_folder(const std::string& device, const std::string& folder);

} // namespace pipeline::ports
