// SPDX-License-Identifier: BSD-3-Clause
// The sample capture (config/models/flows), as tests and benchmarks read it: little endian, microseconds.
#pragma once
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace pcap {

struct Record {
    std::uint64_t us = 0;
    std::vector<std::uint8_t> bytes;
};

/// What is not whole at the end is left out.
inline std::vector<Record> read(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> data((std::istreambuf_iterator<char>(file)), {});
    std::vector<Record> records;
    for (std::size_t at = 24; at + 16 <= data.size();) {
        std::uint32_t head[4]; // seconds, microseconds, bytes here, bytes on the wire
        std::memcpy(head, data.data() + at, sizeof(head));
        at += sizeof(head);
        if (data.size() - at < head[2]) break;
        const auto* const from = reinterpret_cast<const std::uint8_t*>(data.data() + at);
        records.push_back({head[0] * std::uint64_t{1'000'000} + head[1], {from, from + head[2]}});
        at += head[2];
    }
    return records;
}

} // namespace pcap
