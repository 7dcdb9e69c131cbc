// SPDX-License-Identifier: BSD-3-Clause
// The compute cores of a card as a queue sees them: so many inferences side by side, those beyond wait in the
// order they came. Time is what the caller says it is, and never goes back.
#pragma once
#include "card/timing/queue.hpp"
#include "card/timing/service_time.hpp"
#include <optional>
#include <vector>

namespace card {

/// Whose inference it is.
class SlotUser {
  public:
    virtual ~SlotUser() = default;
    /// The computation that was submitted as `ticket` has ended.
    virtual void computed(std::uint64_t ticket) noexcept = 0;
    [[nodiscard]] virtual unsigned dbc() const noexcept = 0;
};

class Slots {
  public:
    explicit Slots(const TimingModel& model) : times_(model), count_(model.slots) {}

    /// True: it took no time and has ended already, computed() is not called. `extra` is the program's own
    /// time beside the drawn one.
    [[nodiscard]] bool submit(SlotUser& user, std::uint64_t ticket, Nanos extra, Nanos now);
    /// When the next computation ends.
    [[nodiscard]] std::optional<Nanos> due() const noexcept
    {
        if (running_.empty()) return std::nullopt;
        return running_.front().ends;
    }
    /// Ends it, starts the next, and tells its user; only when one is due.
    SlotUser& finish();
    /// Forgets all of a user's; what waits behind moves up at `now`.
    void cancel(const SlotUser& user, Nanos now);
    void clear(Nanos now) noexcept;
    /// Nothing computes for `time` from `now` on; then all goes on where it was.
    void stall(Nanos time, Nanos now) noexcept;

    struct Totals { ///< integrals over time since construction
        double busy_slot_ns = 0, waiting_ns = 0;
        Nanos all_busy{0};
        std::uint64_t computed = 0;
    };
    [[nodiscard]] Totals totals(Nanos now) noexcept;
    [[nodiscard]] std::size_t busy() const noexcept { return running_.size(); }
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }
    [[nodiscard]] Nanos stalled_until() const noexcept { return stalled_until_; }

  private:
    struct Job {
        SlotUser* user;
        std::uint64_t ticket;
        Nanos time;
    };
    struct Running {
        Nanos ends;
        std::uint64_t order; ///< of starting: decides between two that end together
        Job job;
    };
    struct Later { ///< for the heap of running computations: first the one that ends first
        bool operator()(const Running& a, const Running& b) const noexcept
        {
            return a.ends != b.ends ? a.ends > b.ends : a.order > b.order;
        }
    };
    void start(const Job& job, Nanos now);
    void fill(Nanos now);
    void account(Nanos now) noexcept;

    ServiceTimes times_;
    std::size_t count_;
    std::vector<Running> running_; ///< a heap
    Queue<Job> waiting_;
    std::uint64_t started_ = 0;
    Nanos stalled_until_{0}, accounted_{0};
    Totals totals_;
};

} // namespace card
