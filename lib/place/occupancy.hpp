// SPDX-License-Identifier: BSD-3-Clause
// Which stages are on which CPUs so far.
#pragma once
#include "place/host.hpp"
#include <map>

namespace place {

class Occupancy {
  public:
    explicit Occupancy(const Host& host) : host_(host) {}

    /// `stage`: a number of the caller's. `own_core`: nobody else should come to the core.
    void take(const Cpu& c, std::size_t stage, bool own_core)
    {
        on_cpu_[c.id].push_back(stage);
        if (own_core) owned_cores_.push_back(c.core);
    }
    [[nodiscard]] const std::vector<std::size_t>& stages_on(const Cpu& c) const
    {
        static const std::vector<std::size_t> none;
        const auto at = on_cpu_.find(c.id);
        return at != on_cpu_.end() ? at->second : none;
    }
    [[nodiscard]] unsigned on(const Cpu& c) const { return static_cast<unsigned>(stages_on(c).size()); }
    /// On the other threads of its core.
    [[nodiscard]] unsigned on_siblings(const Cpu& c) const;
    [[nodiscard]] bool core_is_owned(const Cpu& c) const;
    /// Steps to a node: 0 on it (or no node), 1 in its package, 2 elsewhere.
    [[nodiscard]] unsigned steps(const Cpu& c, int node) const;

  private:
    const Host& host_;
    std::map<unsigned, std::vector<std::size_t>> on_cpu_;
    std::vector<unsigned> owned_cores_;
};

} // namespace place
