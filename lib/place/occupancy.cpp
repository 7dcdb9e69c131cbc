// SPDX-License-Identifier: BSD-3-Clause
#include "place/occupancy.hpp"
#include <algorithm>

namespace place {

unsigned Occupancy::on_siblings(const Cpu& c) const
{
    unsigned n = 0;
    for (const auto& o : host_.cpus)
        if (o.core == c.core && o.id != c.id) n += on(o);
    return n;
}

bool Occupancy::core_is_owned(const Cpu& c) const
{
    return std::find(owned_cores_.begin(), owned_cores_.end(), c.core) != owned_cores_.end();
}

unsigned Occupancy::steps(const Cpu& c, int node) const
{
    if (node < 0 || c.node == static_cast<unsigned>(node)) return 0;
    const bool same_package = std::any_of(host_.cpus.begin(), host_.cpus.end(), [&](const Cpu& o) {
        return o.node == static_cast<unsigned>(node) && o.package == c.package;
    });
    return same_package ? 1 : 2;
}

} // namespace place
