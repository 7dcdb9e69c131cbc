// SPDX-License-Identifier: BSD-3-Clause
// What an activation draws on: NSPs, DMA-Bridge channels, multicast ids, semaphores, card memory. The whole
// card is one pool; a resource group, a VC or an activation reservation is a pool carved out of another. What
// was taken goes back when its lease ends, so a released group lives on until its last user is gone.
#pragma once
#include "aic100/wire/nnc_commands.hpp"
#include "card/nsp/program.hpp"
#include <memory>

namespace card {

struct Demand {
    std::uint32_t vcs = 0, nsps = 0, mcids = 0, semaphores = 0;
    std::uint64_t ddr = 0;
};
struct Grant {
    std::uint32_t vc_mask = 0, nsp_mask = 0, mcids = 0, semaphores = 0;
    std::uint64_t ddr = 0;
};

class Pool;

/// Move-only claim on a pool.
class Lease {
  public:
    Lease() = default;
    Lease(std::shared_ptr<Pool> pool, const Grant& grant) : pool_(std::move(pool)), grant_(grant) {}
    Lease(Lease&& other) noexcept : pool_(std::move(other.pool_)), grant_(other.grant_) {}
    Lease& operator=(Lease&& other) noexcept
    {
        std::swap(pool_, other.pool_);
        std::swap(grant_, other.grant_);
        return *this;
    }
    ~Lease();
    [[nodiscard]] const Grant& grant() const noexcept { return grant_; }

  private:
    std::shared_ptr<Pool> pool_;
    Grant grant_;
};

class Pool {
  public:
    /// A pool of everything `from` holds; the lease is returned with the pool.
    explicit Pool(Lease from) : held_(std::move(from)), total_(held_.grant()), free_(total_) {}
    explicit Pool(const Grant& all) : total_(all), free_(all) {}

    /// All of it or nothing. Error: status -14 VC, -13 NSP, -12 MCID, -15 semaphores, -4 memory, in this
    /// order. `pool` is the pool itself, which the lease keeps alive.
    [[nodiscard]] static NncResult<Lease> take(const std::shared_ptr<Pool>& pool, const Demand& demand);
    [[nodiscard]] bool idle() const noexcept { return leases_ == 0; }
    [[nodiscard]] const Grant& total() const noexcept { return total_; }
    [[nodiscard]] const Grant& free() const noexcept { return free_; }

  private:
    friend class Lease;
    void give_back(const Grant& grant) noexcept;
    Lease held_;
    Grant total_, free_;
    unsigned leases_ = 0;
};

} // namespace card
