// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/engine/link.hpp"
#include <rte_errno.h>

namespace pipeline {

Result<std::unique_ptr<Link>> Link::make(const std::string& name, const LinkSpec& spec, std::size_t producers,
                                         int numa)
{
    unsigned flags = RING_F_EXACT_SZ;
    if (producers == 1) flags |= RING_F_SP_ENQ;
    // whoever makes room takes from the same end as the consumer
    if (spec.when_full != WhenFull::DROP_OLDEST) flags |= RING_F_SC_DEQ;
    auto* const ring = rte_ring_create(name.c_str(), spec.depth, numa, flags);
    if (ring == nullptr)
        return fail(Code::E_NOMEM, "{}: no ring of {} items for the link from {} to {}: {}", spec.place,
                    spec.depth, spec.from, spec.to, rte_strerror(rte_errno));
    return std::unique_ptr<Link>(new Link(ring, spec));
}

} // namespace pipeline
