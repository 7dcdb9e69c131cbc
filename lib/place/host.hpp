// SPDX-License-Identifier: BSD-3-Clause
// A host as placement sees it: processors, what they share, and where the cards are. This machine's by hwloc,
// or another's from a description in config/topo/.
#pragma once
#include "base/result.hpp"
#include <string>
#include <string_view>
#include <vector>

namespace place {
using namespace qaic;

/// One hardware thread. Numbers of core, cache, node and package are the host's own order, from 0.
struct Cpu {
    unsigned id = 0; ///< as the operating system counts
    unsigned core = 0, l3 = 0, node = 0, package = 0;
    bool isolated = false; ///< kept free of other processes (isolcpus)
};

struct CardSite {
    std::string name; ///< a PCI address, or a device's name
    int node = -1;    ///< the NUMA node it hangs on; below 0: nowhere in particular (an emulated card)
};

struct Host {
    std::string name;
    std::vector<Cpu> cpus; ///< those this process may use, by id
    std::vector<CardSite> cards;

    [[nodiscard]] const Cpu* cpu(unsigned id) const noexcept; ///< nullptr: not there, or not allowed
    [[nodiscard]] const CardSite* card(std::string_view name) const noexcept;
    [[nodiscard]] std::size_t cores() const;
};

/// This machine: the CPUs this process may run on, and Cloud AI cards by their PCI ids. Linux. E_STATE: hwloc
/// does not say.
Result<Host> this_host();
/// hwloc's text for a regular host: "pack:2 numa:1 l3:8 core:8 pu:2". No cards. E_FORMAT: hwloc refuses it.
Result<Host> synthetic_host(const std::string& name, const std::string& description);

/// "0-3,8" as {0, 1, 2, 3, 8}. E_FORMAT: not such a list, or one that reaches 4096.
Result<std::vector<unsigned>> cpu_list(std::string_view text);
/// The other way round.
std::string list_of(std::vector<unsigned> cpus);

} // namespace place
