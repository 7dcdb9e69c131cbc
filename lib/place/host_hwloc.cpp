// SPDX-License-Identifier: BSD-3-Clause
#include "place/host.hpp"
#include <algorithm>
#include <fstream>
#include <hwloc.h>
#include <memory>
#include <sched.h>

namespace place {

namespace {

constexpr unsigned short vendor_qualcomm = 0x17cb, cloud_ai_100 = 0xa100, cloud_ai_80 = 0xa080;

struct Destroy {
    void operator()(hwloc_topology* t) const { hwloc_topology_destroy(t); }
};
using Topology = std::unique_ptr<hwloc_topology, Destroy>;

Result<Topology> new_topology()
{
    hwloc_topology_t raw = nullptr;
    if (hwloc_topology_init(&raw) != 0) return fail(Code::E_NOMEM, "hwloc: no memory for a topology");
    return Topology(raw);
}

/// Of what `cpu` lies in; 0 when the host has no such level.
unsigned number_of(hwloc_topology_t t, hwloc_obj_t cpu, hwloc_obj_type_t type)
{
    const auto* at = hwloc_get_ancestor_obj_by_type(t, type, cpu);
    return at != nullptr ? at->logical_index : 0;
}

unsigned node_of(hwloc_topology_t t, hwloc_obj_t cpu)
{
    for (hwloc_obj_t node = nullptr;
         (node = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_NUMANODE, node)) != nullptr;)
        if (hwloc_bitmap_isset(node->cpuset, cpu->os_index) != 0) return node->os_index;
    return 0;
}

std::vector<Cpu> cpus_of(hwloc_topology_t t)
{
    std::vector<Cpu> out;
    for (hwloc_obj_t pu = nullptr; (pu = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_PU, pu)) != nullptr;)
        out.push_back({pu->os_index, number_of(t, pu, HWLOC_OBJ_CORE), number_of(t, pu, HWLOC_OBJ_L3CACHE),
                       node_of(t, pu), number_of(t, pu, HWLOC_OBJ_PACKAGE), false});
    std::sort(out.begin(), out.end(), [](const Cpu& a, const Cpu& b) { return a.id < b.id; });
    return out;
}

void keep_allowed(std::vector<Cpu>& cpus)
{
    cpu_set_t mine;
    if (::sched_getaffinity(0, sizeof mine, &mine) != 0) return; // more than 1024 CPUs: all that hwloc gave
    std::erase_if(cpus, [&](const Cpu& c) { return c.id >= CPU_SETSIZE || !CPU_ISSET(c.id, &mine); });
}

void mark_isolated(std::vector<Cpu>& cpus)
{
    std::ifstream file("/sys/devices/system/cpu/isolated");
    std::string text;
    if (!std::getline(file, text) || text.empty()) return;
    const auto list = cpu_list(text);
    if (!list) return; // a kernel that says it otherwise: as if none were
    for (auto& c : cpus) c.isolated = std::binary_search(list->begin(), list->end(), c.id);
}

std::vector<CardSite> cards_of(hwloc_topology_t t)
{
    std::vector<CardSite> out;
    for (hwloc_obj_t d = nullptr; (d = hwloc_get_next_pcidev(t, d)) != nullptr;) {
        const auto& pci = d->attr->pcidev;
        if (pci.vendor_id != vendor_qualcomm ||
            (pci.device_id != cloud_ai_100 && pci.device_id != cloud_ai_80))
            continue;
        const auto* const host = hwloc_get_non_io_ancestor_obj(t, d);
        const auto first =
            host != nullptr && host->nodeset != nullptr ? hwloc_bitmap_first(host->nodeset) : -1;
        const bool one = first >= 0 && hwloc_bitmap_weight(host->nodeset) == 1;
        out.push_back({fmt::format("{:04x}:{:02x}:{:02x}.{:x}", pci.domain, pci.bus, pci.dev, pci.func),
                       one ? first : -1});
    }
    return out;
}

/// hwloc makes as many objects as it is told to. Attributes, in parentheses, make none.
bool is_reasonable(std::string_view description)
{
    constexpr double most = 65536;
    double product = 1;
    int depth = 0;
    for (std::size_t i = 0; i < description.size(); ++i) {
        depth += description[i] == '(' ? 1 : description[i] == ')' ? -1 : 0;
        if (description[i] != ':' || depth != 0) continue;
        double count = 0;
        for (auto d = i + 1; d < description.size() && description[d] >= '0' && description[d] <= '9'; ++d)
            count = count * 10 + (description[d] - '0');
        product *= std::max(count, 1.0);
    }
    return product <= most;
}

} // namespace

Result<Host> this_host()
{
    QAIC_TRY(const auto t, new_topology());
    hwloc_topology_set_type_filter(t.get(), HWLOC_OBJ_PCI_DEVICE, HWLOC_TYPE_FILTER_KEEP_ALL);
    if (hwloc_topology_load(t.get()) != 0)
        return fail(Code::E_STATE, "hwloc does not find out what this machine is");
    Host host{"this machine", cpus_of(t.get()), cards_of(t.get())};
    keep_allowed(host.cpus);
    mark_isolated(host.cpus);
    if (host.cpus.empty()) return fail(Code::E_STATE, "hwloc names no CPU that this process may use");
    return host;
}

Result<Host> synthetic_host(const std::string& name, const std::string& description)
{
    if (!is_reasonable(description))
        return fail(Code::E_LIMIT, "{}: \"{}\" has more than 65536 CPUs", name, description);
    QAIC_TRY(const auto t, new_topology());
    if (hwloc_topology_set_synthetic(t.get(), description.c_str()) != 0 || hwloc_topology_load(t.get()) != 0)
        return fail(Code::E_FORMAT, "{}: hwloc does not understand \"{}\"", name, description);
    return Host{name, cpus_of(t.get()), {}};
}

} // namespace place
