// SPDX-License-Identifier: BSD-3-Clause
// One DMA-Bridge channel: fetches request elements from host memory, does what they say, writes responses.
// aic100-device.md 5.4, 5.5, 8.7. Choices of the model where nothing is public [M]:
//  - REQHP advances when an element is fetched; at most one FIFO of fetched elements waits inside.
//  - completion code 1 for every failure; semaphores, doorbell and response of a failed transfer still
//  happen.
//  - a failed transfer of an element without response bit makes the next response of its req_id carry code 1.
//  - two presyncs, or the reserved semaphore command: nothing is done, the response carries code 1.
//  - a transfer that takes time (timing model) is unfinished to fences until it has landed, and those behind
//  it on its presync semaphore wait so long: they execute in order, postsync and all.
#pragma once
#include "aic100/regs/registers.hpp"
#include "card/dma/pending.hpp"
#include "card/dma/semaphores.hpp"
#include "card/host_port.hpp"
#include "card/nsp/memory.hpp"
#include "card/timing/timing.hpp"
#include <bitset>
#include <memory>

namespace card {

class Channel {
  public:
    struct Fifo {
        std::uint64_t request = 0, response = 0; ///< IOVA
        std::uint32_t elements = 0;
    };
    struct Counters {
        std::uint64_t executed = 0; ///< elements finished since activation
        std::uint64_t bytes = 0;    ///< payload moved, ever
        std::uint64_t bad_tail = 0, bad_head = 0, fetch_failed = 0, response_failed = 0, transfer_failed = 0;
    };
    /// `page`: the registers of this channel in the shared BAR 2 memory. Without `timing` nothing takes time.
    Channel(HostPort& host, std::span<std::byte> page, unsigned index, bool force_msi,
            Timing* timing = nullptr);

    /// Registers to 0, then runs. Memory and semaphores belong to the activation and outlive stop().
    void start(const Fifo& fifo, ActivationMemory& memory, Semaphores& semaphores);
    /// From here on no host memory is touched. Registers to 0; whatever was pending is dropped.
    void stop();
    /// Does what can be done now, a bounded amount. True when anything moved.
    bool step();
    /// Goes on with what has been fetched; fetches nothing, and sends no response yet.
    bool settle();
    /// A transfer that was on the link has ended, now.
    void landed(const Flight& flight);

    [[nodiscard]] unsigned index() const noexcept { return index_; }
    [[nodiscard]] bool active() const noexcept { return fifo_.elements != 0; }
    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
    [[nodiscard]] std::size_t pending() const noexcept
    {
        return pending_.size() + parked_.size() + aloft_[0].size() + aloft_[1].size();
    }
    [[nodiscard]] std::uint32_t elements() const noexcept { return fifo_.elements; }
    [[nodiscard]] std::uint32_t req_head() const noexcept { return req_head_; }
    [[nodiscard]] std::uint32_t rsp_tail() const noexcept { return published_; }
    void freeze(bool on) noexcept { frozen_ = on; }
    void fail_responses(std::uint16_t code, unsigned count) noexcept
    {
        forced_code_ = code;
        forced_left_ = count;
    }

  private:
    static constexpr unsigned batch = 32, round = 64;
    struct Parked { ///< transferred, held by a postsync wait in `slot`
        aic100::RequestElement element;
        std::uint16_t code = 0;
        unsigned slot = 0;
    };
    [[nodiscard]] std::uint32_t load(std::uint32_t reg) const noexcept;
    void store(std::uint32_t reg, std::uint32_t value) noexcept;
    bool fetch();
    [[nodiscard]] unsigned fetchable(std::uint32_t tail, unsigned budget) const noexcept;
    void accept(const aic100::RequestElement& element);
    bool drain();
    bool resume_parked();
    static constexpr std::uint64_t youngest = ~0ull;
    [[nodiscard]] bool may_start(const SyncPlan& plan, std::uint64_t order) const noexcept;
    [[nodiscard]] bool aloft_before(unsigned fences, std::uint64_t order) const noexcept;
    void run(const aic100::RequestElement& element, const SyncPlan& plan, std::uint64_t order);
    /// True when the payload is on the link now.
    [[nodiscard]] bool depart(const aic100::RequestElement& element, const SyncPlan& plan,
                              std::uint64_t order);
    void arrive(const Flight& flight);
    void land_grounded();
    void execute(const aic100::RequestElement& element, const SyncPlan& plan);
    [[nodiscard]] std::uint16_t transfer(const aic100::RequestElement& element);
    [[nodiscard]] bool copy_in(const aic100::RequestElement& element, std::uint64_t length);
    [[nodiscard]] bool copy_out(const aic100::RequestElement& element, std::uint64_t length);
    /// False when a postsync wait holds the element from `slot` on.
    [[nodiscard]] bool postsync(const aic100::RequestElement& element, unsigned& slot);
    [[nodiscard]] bool ring_doorbell(const aic100::RequestElement& element);
    void finish(const aic100::RequestElement& element, std::uint16_t code); ///< doorbell and what follows
    void complete(const aic100::RequestElement& element, std::uint16_t code);
    [[nodiscard]] std::uint16_t final_code(std::uint16_t req_id, std::uint16_t code) noexcept;
    void respond(aic100::ResponseElement response, bool force_msi);
    [[nodiscard]] bool room() noexcept;
    bool unstall();
    bool flush();

    HostPort& host_;
    std::span<std::byte> page_;
    unsigned index_;
    bool force_msi_enabled_, frozen_ = false;
    Timing* timing_;
    bool copy_; ///< payloads are moved

    Fifo fifo_;
    ActivationMemory* memory_ = nullptr;
    Semaphores* semaphores_ = nullptr;
    std::uint32_t req_head_ = 0;
    std::uint32_t published_ = 0; ///< RSPTP as the host sees it; staged responses follow
    std::uint32_t rsp_head_ = 0;  ///< last good RSPHP
    std::uint32_t bad_tail_ = 0;  ///< last refused REQTP, so that it is counted once
    PendingList pending_;
    std::vector<Parked> parked_;
    std::uint32_t epoch_ = 0;       ///< one more at each stop: what was aloft then lands nowhere
    std::uint64_t held_queues_ = 0; ///< presync queues whose last request is aloft
    /// Orders of the transfers on the link, to-device and from-device, each as they will land.
    std::array<Queue<std::uint64_t>, 2> aloft_;
    std::vector<Flight> grounded_; ///< landed while the channel was stalled

    std::array<aic100::ResponseElement, batch> staged_{};
    unsigned staged_count_ = 0;
    bool force_msi_ = false; ///< a staged response asks for its MSI whatever the FIFO held
    bool stalled_ = false;   ///< `held_` found no room: nothing runs until it has gone out
    aic100::ResponseElement held_{};
    bool held_force_ = false;

    std::uint16_t forced_code_ = 0;
    unsigned forced_left_ = 0;
    std::unique_ptr<std::bitset<65536>> failed_ids_; ///< made by the first failure
    std::size_t failed_count_ = 0;
    Counters counters_;
    alignas(64) std::array<aic100::RequestElement, batch> fetched_{};
};

} // namespace card
