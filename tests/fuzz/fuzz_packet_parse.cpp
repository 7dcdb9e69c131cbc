// SPDX-License-Identifier: BSD-3-Clause
// Arbitrary bytes as a packet: what is accepted keeps what the headers promise, marking changes nothing else
// that is read, and the features are numbers. Seeds (corpus/fuzz_packet_parse): TCP over IPv6, a tagged UDP
// datagram, extension headers.
#include "flow/rewrite.hpp"
#include "flow/table.hpp"
#include <cstdlib>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static flow::Table table(8, 1'000'000);
    static std::uint64_t now = 0;
    flow::Packet p;
    std::vector<std::uint8_t> copy(data, data + size);
    const auto refusal = flow::parse_packet(copy, p);
    const bool priority = flow::set_vlan_priority(copy, 7);
    const bool dscp = flow::set_dscp(copy, 63);
    if (flow::word_of(refusal) == "?") std::abort();
    if (refusal != flow::Refusal::NONE) return 0;
    // A read datagram has a header to mark, and is the same flow afterwards.
    flow::Packet marked;
    if (!dscp || priority != (p.link.tag != 0) || flow::parse_packet(copy, marked) != refusal) std::abort();
    if (!(marked.key == p.key) || marked.length != p.length || p.link.ip + 20u > size) std::abort();
    now += size * size;
    float f[flow::n_features];
    flow::update(table.find(p.key, now), p, now, flow::Features(f));
    for (const auto v : f)
        if (!(v >= 0 && v <= 70000)) std::abort();
    return 0;
}
