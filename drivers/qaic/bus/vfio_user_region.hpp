// SPDX-License-Identifier: BSD-3-Clause
// What a vfio-user server says of one region, checked: a pure function of the reply's bytes.
#pragma once
#include "base/bytes.hpp"
#include "base/result.hpp"
#include <vector>

namespace qaic::vfu {

struct Area {
    std::uint64_t offset = 0, bytes = 0; ///< within the region, whole pages
};

struct Region {
    std::uint32_t flags = 0; ///< vfio_user::region_flag
    std::uint64_t bytes = 0;
    std::uint64_t fd_offset = 0; ///< of the region's first byte in its file
    std::vector<Area> areas;     ///< what may be mapped: ascending, disjoint, inside the region
};

/// Bytes that the whole reply needs (argsz), at least sizeof(RegionInfo). E_PROTO when that is absurd.
[[nodiscard]] Result<std::uint32_t> region_reply_bytes(ConstSpan reply, unsigned index);
/// A complete reply. E_PROTO names what is wrong with it: another index, a capability outside the reply or
/// in a loop, an area outside the region.
[[nodiscard]] Result<Region> parse_region(ConstSpan reply, unsigned index);

} // namespace qaic::vfu
