// SPDX-License-Identifier: BSD-3-Clause
// What users have made on the card, each tied to the handle of its message (aic100-device.md 4.12, workload
// 5.5). Ids are never 0, and an id of a released object is not given out again soon.
#pragma once
#include "card/ddr.hpp"
#include "card/dma/semaphores.hpp"
#include "card/nnc/pool.hpp"
#include "card/nsp/memory.hpp"
#include "card/nsp/native_workload.hpp"
#include "card/nsp/runner.hpp"
#include "card/nsp/timed_runner.hpp"
#include <map>

namespace card {

/// Objects by id, at most `limit` of them.
template<class T>
class Table {
  public:
    Table(std::size_t limit, std::uint32_t highest_id) : limit_(limit), highest_(highest_id) {}
    [[nodiscard]] bool full() const noexcept { return map_.size() >= limit_; }
    /// Only when not full.
    std::uint32_t add(std::shared_ptr<T> object)
    {
        do last_ = last_ == highest_ ? 1 : last_ + 1;
        while (map_.contains(last_));
        map_.emplace(last_, std::move(object));
        return last_;
    }
    [[nodiscard]] std::shared_ptr<T> find(std::uint32_t id) const
    {
        const auto it = map_.find(id);
        return it == map_.end() ? nullptr : it->second;
    }
    void remove(std::uint32_t id) { map_.erase(id); }
    void remove_of(std::uint32_t handle)
    {
        std::erase_if(map_, [&](const auto& entry) { return entry.second->handle == handle; });
    }
    void clear() noexcept { map_.clear(); }
    [[nodiscard]] std::size_t size() const noexcept { return map_.size(); }
    [[nodiscard]] auto begin() const noexcept { return map_.begin(); }
    [[nodiscard]] auto end() const noexcept { return map_.end(); }

  private:
    std::map<std::uint32_t, std::shared_ptr<T>> map_;
    std::size_t limit_;
    std::uint32_t highest_, last_ = 0;
};

struct Image { ///< a loaded ELF
    std::uint32_t handle = 0;
    Lease lease;
    Region memory;
    Program program;
};
struct Constants {
    std::uint32_t handle = 0;
    Lease lease;
    Region memory;
    std::uint64_t static_bytes = 0, dynamic_bytes = 0;
};
/// Resource group, VC reservation or activation reservation.
struct Reservation {
    std::uint32_t handle = 0;
    std::shared_ptr<Pool> pool;
    Lease memory_lease; ///< command block of a VC reservation
    Region memory;
    std::shared_ptr<Pool> source; ///< of an activation reservation, to be resized from
};

struct Activation {
    /// NSPs and channel of `program`; empty program for a bare channel.
    std::uint32_t id = 0, handle = 0;
    std::shared_ptr<Image> image;         ///< null for a bare channel
    std::shared_ptr<Constants> constants; ///< may be null
    Lease channel_lease, core_lease, memory_lease;
    unsigned dbc = 0;
    std::int32_t state = 1;  ///< 0 standby, 1 ready, 2 low power
    bool restarting = false; ///< between ssr_begin and ssr_end
    bool crash_told = false;
    ActivationMemory memory;
    std::shared_ptr<NativeArena> arena; ///< of a host-native program
    Semaphores semaphores;
    std::unique_ptr<Workload> runner; ///< last: refers to the members above
};

} // namespace card
