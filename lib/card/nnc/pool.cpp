// SPDX-License-Identifier: BSD-3-Clause
#include "card/nnc/pool.hpp"
#include <bit>

namespace card {
namespace {
namespace status = aic100::nnc_status;

/// The `count` lowest bits set in `mask`.
std::uint32_t lowest_bits(std::uint32_t mask, std::uint32_t count) noexcept
{
    std::uint32_t out = 0;
    for (; count != 0; --count) {
        const auto bit = mask & (~mask + 1);
        out |= bit;
        mask &= ~bit;
    }
    return out;
}
} // namespace

Lease::~Lease()
{
    if (pool_) pool_->give_back(grant_);
}

NncResult<Lease> Pool::take(const std::shared_ptr<Pool>& pool, const Demand& d)
{
    auto& free = pool->free_;
    if (d.vcs > static_cast<std::uint32_t>(std::popcount(free.vc_mask))) return tl::unexpected(status::NO_VC);
    if (d.nsps > static_cast<std::uint32_t>(std::popcount(free.nsp_mask)))
        return tl::unexpected(status::NO_NSP);
    if (d.mcids > free.mcids) return tl::unexpected(status::NO_MCID);
    if (d.semaphores > free.semaphores) return tl::unexpected(status::NO_SEMAPHORE);
    if (d.ddr > free.ddr) return tl::unexpected(status::NO_MEMORY);
    const Grant grant{lowest_bits(free.vc_mask, d.vcs), lowest_bits(free.nsp_mask, d.nsps), d.mcids,
                      d.semaphores, d.ddr};
    free.vc_mask &= ~grant.vc_mask;
    free.nsp_mask &= ~grant.nsp_mask;
    free.mcids -= grant.mcids;
    free.semaphores -= grant.semaphores;
    free.ddr -= grant.ddr;
    ++pool->leases_;
    return Lease(pool, grant);
}

void Pool::give_back(const Grant& grant) noexcept
{
    free_.vc_mask |= grant.vc_mask;
    free_.nsp_mask |= grant.nsp_mask;
    free_.mcids += grant.mcids;
    free_.semaphores += grant.semaphores;
    free_.ddr += grant.ddr;
    --leases_;
}

} // namespace card
