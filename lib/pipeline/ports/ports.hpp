// SPDX-License-Identifier: BSD-3-Clause
// Packets in and out: sources and sinks over ethdev ports and capture files.
#pragma once
#include "base/result.hpp"
#include "pipeline/stage.h"

/// Source, kind `port`. Packets of an ethdev port as items: data where the driver put it, chains of segments
/// stay chains (free_off is behind the first segment). Options:
///   port         a port EAL has ("net_pcap0", "0000:03:00.0"), or
///   device       a virtual one to make: "net_pcap0,rx_pcap=FILE" (relative rx_pcap and tx_pcap start from
///   the
///                pipeline's folder). Stages with the same text share it.
///   queues       receive queues of each replica (1); with several in all, flows are spread by RSS where the
///                port can
///   descriptors  of each queue, rounded to what the port takes (1024). NICs and net_tap hold an item of the
///   pool for
///                each of them
///   promiscuous  true unless said otherwise
///   packets      ends after so many (0: does not)
///   end_when_idle_ms  ends when nothing came for so long after the first packet (0: does not). Default: 100
///                for a device with rx_pcap, which cannot say that its file has ended (there: also without a
///                first packet), else 0.
/// captured_ns: of net_pcap (microseconds) and net_af_packet, else 0. A packet of a net_pcap file is lost to
/// the driver when no mbuf is free; the stage therefore asks for as many as are free. Use `pcap-file` where
/// end and time must be exact.
extern const qaic_pipe_stage stage_port;

/// Sink, kind `port-out`. Sends items' packets; the port's driver frees them (verdict TAKEN). What is not
/// taken at once is offered `tries` (64) times in all, then dropped as port_full; items without a packet are
/// dropped as no_packet; all as port_down when the port could not be started. Each replica has its own queue.
/// Options: port, device, descriptors, promiscuous (false), tries.
extern const qaic_pipe_stage stage_port_out;

/// Source, kind `pcap-file`. Plays a capture (pcap or pcapng, Ethernet) out of memory, each packet copied
/// into an item. One replica. Options:
///   path
///   repeat  times (1), 0: for ever; captured_ns goes on by the capture's span and 1 ms each time
///   rate    packets a second (0: as fast as they are taken)
///   timing  "asap", or "capture": as far apart as they were captured; not with rate
/// E_LIMIT: more than 1 GiB, or a packet an mbuf cannot hold; E_FORMAT, with the packet's number: damaged.
/// A record cut short when captured (snap length) is an item of the bytes that are there; its original length
/// is not kept: the IP header says it.
extern const qaic_pipe_stage stage_pcap_file;

/// Sink, kind `pcap-out`. Writes packets to a capture with nanoseconds: captured_ns, else the time the item
/// was born. One replica. Options: path; limit_mib (0: none). Drops: no_packet; file_limit; file_error once
/// writing has failed, which finish() tells.
extern const qaic_pipe_stage stage_pcap_out;

namespace pipeline::ports {

/// Starts every port that stages have been created for. To be called once all are created, so that errors are
/// told before anything runs; else the first run() of a stage on it starts a port. Control thread.
qaic::Result<void> start_all();

} // namespace pipeline::ports
