// SPDX-License-Identifier: BSD-3-Clause
// rte_pmd_qaic_mp.h: queue pairs in secondary processes. docs/adr/0010
#include "qaic/native/native.hpp"
#include "qaic/rte_pmd_qaic_mp.h"

namespace qaic::native {
namespace {

template<class Body>
int in_secondary(Body&& body) noexcept
{
    return guarded([&]() -> Result<void> {
        if (!secondary::is_secondary())
            return fail(Code::E_UNSUPP,
                        "claiming queue pairs is for secondary processes: this is the primary");
        return body();
    });
}

} // namespace

QAIC_PUBLIC int rte_pmd_qaic_queue_pair_claim(std::int16_t dev_id, std::uint16_t qp_id)
{
    return in_secondary([&] { return secondary::claim(dev_id, qp_id); });
}

QAIC_PUBLIC int rte_pmd_qaic_queue_pair_release(std::int16_t dev_id, std::uint16_t qp_id)
{
    return in_secondary([&] { return secondary::release(dev_id, qp_id); });
}

} // namespace qaic::native
