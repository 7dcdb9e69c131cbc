// SPDX-License-Identifier: BSD-3-Clause
// One card from attach to close: bus, boot, control protocol, models, queue pairs, faults. Knows nothing of
// rte_ml_dev or EAL: mldev_*.cpp are thin on top of it. Public calls take the control lock and may wait
// (bounded by Limits); none may be made from the data path. States and fences: reliability.md 2.3, 2.4.
#pragma once
#include "qaic/controller.hpp"
#include "qaic/crash_dumps.hpp"
#include "qaic/device_events.hpp"
#include "qaic/device_snapshot.hpp"
#include "qaic/log.hpp"
#include "qaic/model_slot.hpp"
#include "qaic/nnc/client.hpp"
#include "qaic/standby.hpp"
#include "qaic/tenant.hpp"
#include <array>
#include <functional>
#include <mutex>

namespace qaic {

/// reliability.md 2.4. DEGRADED: online, but a DBC of a started model is out of use. RECOVERING: the card was
/// lost and is being brought back; control calls say E_BUSY, enqueue takes nothing, dequeue hands back what
/// was out.
enum class DeviceState : std::uint8_t { ATTACHED, BOOTING, ONLINE, FAILED, REMOVED, DEGRADED, RECOVERING };
[[nodiscard]] std::string_view to_string(DeviceState state) noexcept;

struct DeviceConfig {
    ControllerConfig controller;
    std::uint32_t handle = 1; ///< NNC user id (4.12)
    Nanos op_timeout = 5s;    ///< deadline of an operation
    std::uint64_t tsc_hz = 0; ///< of rte_rdtsc()
    Nanos quiesce_limit = 1s; ///< for a burst call to return
    /// The card is an emulated one, which runs the built-in programs (docs/adr/0005): the self-test uses one.
    bool builtin_programs = false;
    dbc::Completions completions = dbc::Completions::MEMORY;
    unsigned instances = 1; ///< activations of a model, 1..16; never more than there are queue pairs
    /// Boots a lost card again (docs/adr/0007). Costs a copy of each loaded container in host memory.
    bool recover = true;
    CrashDumpPlace crash_dumps; ///< without a directory they are declined
};

struct DeviceLimits {
    static constexpr std::uint16_t models = 64, queue_pairs = 16, desc = 4096, io = max_model_io, align = 64;
};

/// Counters of the control side. Read without the lock for statistics: only ever grow.
struct DeviceCounters {
    std::atomic<std::uint64_t> faults{0}, fences{0}, reactivations{0}, recovery_failures{0}, retired_bytes{0},
        ras_uncorrectable{0}, lost_ops{0}, card_losses{0}, card_recoveries{0}, ras_resets{0}, quarantines{0},
        crash_dumps{0}, crash_dumps_lost{0};
};

class Device {
  public:
    Device(std::unique_ptr<Bus> bus, DeviceConfig config);
    /// close(true) first, if that was not done.
    ~Device();
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    // ---- life
    /// Boots the card and says hello. On an error the card is left without DMA.
    [[nodiscard]] Result<void> attach();
    /// Final. Without `force` E_AGAIN while operations were accepted and not handed back. With it: they are
    /// handed back through the flush callbacks of their queue pairs where there are any, else counted as
    /// lost, after the card was fenced.
    [[nodiscard]] Result<void> close(bool force, std::int16_t dev_id);
    [[nodiscard]] bool closed() const noexcept { return closed_; }

    // ---- configuration; only while stopped
    /// Drops all models and queue pairs. E_BUSY while operations are out.
    [[nodiscard]] Result<void> configure(std::uint16_t queue_pairs, std::uint16_t models);
    [[nodiscard]] Result<QueuePair*> setup_queue_pair(std::uint16_t id, std::uint32_t nb_desc,
                                                      rte_ml_dev_stop_flush_t flush);
    [[nodiscard]] Result<void> release_queue_pair(std::uint16_t id);
    [[nodiscard]] Result<void> start();
    /// Lets running operations finish, at most op_timeout, fences the rest, and hands all of them to the
    /// flush callbacks. Queue pairs without one keep theirs for dequeue.
    [[nodiscard]] Result<void> stop(std::int16_t dev_id);
    [[nodiscard]] bool started() const noexcept { return started_; }

    // ---- device_tenants.cpp: queue pairs that other processes use. These never wait: E_BUSY, try again.
    /// Nobody in this process uses the queue pair from now on. It must be idle, and without flush callback:
    /// that is a function of this process. Taken back when `who` has died, with what was in flight counted.
    [[nodiscard]] Result<QueuePair*> lend(std::uint16_t id, std::unique_ptr<Tenant> who);
    /// The tenant number `tenant` gives it back. E_BUSY while operations are in flight.
    [[nodiscard]] Result<void> take_back(std::uint16_t id, std::uint64_t tenant);
    /// Told which queue pairs this process may use: `ours` is null while one is lent. Under the lock, must
    /// not call the device.
    using Shown = std::function<void(std::uint16_t id, QueuePair* ours)>;
    void on_shown(Shown hook) { shown_ = std::move(hook); }
    /// Looks at a loaded model, kept from being unloaded meanwhile.
    [[nodiscard]] Result<void> look_at(std::uint16_t model, const std::function<void(const Model&)>& look);

    // ---- models
    [[nodiscard]] Result<std::uint16_t> load_model(ConstSpan bytes);
    [[nodiscard]] Result<void> unload_model(std::uint16_t id);
    /// How many activations the next start_model() makes, 1..16; 0 = the device's default. E_BUSY while
    /// started.
    [[nodiscard]] Result<void> set_instances(std::uint16_t id, unsigned count);
    /// Which instance each queue pair feeds at the next start_model(), by queue pair id; how many there are
    /// follows from it. Empty = set_instances() counts, and they are fed in turn. E_BUSY while started.
    [[nodiscard]] Result<void> set_spread(std::uint16_t id, std::vector<std::uint8_t> spread);
    /// All of its activations or, on an error, none.
    [[nodiscard]] Result<void> start_model(std::uint16_t id);
    [[nodiscard]] Result<void> stop_model(std::uint16_t id);
    /// A loaded model or nullptr. Any thread, no lock: the caller does not unload it meanwhile (mldev's
    /// rule).
    [[nodiscard]] const Model* model(std::uint16_t id) const noexcept;
    [[nodiscard]] Result<ModelCounters> model_counters(std::uint16_t id);

    // ---- upkeep
    /// What a slow timer does: card events, time sync; never waits, not even for the lock. True when
    /// recover() has something to do.
    [[nodiscard]] bool housekeep();
    /// Fences faulted DBCs and gives their operations back, activates again within the budget; brings a lost
    /// card back, or ends the device. May wait as long as a boot takes; stop() and close() interrupt that.
    /// The only place where a recovery begins to boot: not to be called from attach(), stop() or close().
    void recover();
    /// The card is about to be taken away (VFIO's device request, reliability.md H26): the next housekeep()
    /// and recover() take it off the bus, hand everything back with E_REMOVED and end REMOVED. Any thread,
    /// never waits.
    void removal_requested() noexcept
    {
        removal_ = true;
        ++interrupts_;
    }
    /// No recovery from now on; one that runs gives way. Before the owner waits for the thread of recover().
    /// Any thread, never waits.
    void end_recovery() noexcept
    {
        closing_ = true;
        ++interrupts_;
    }
    [[nodiscard]] Result<void> selftest();

    // ---- device_native.cpp: for rte_pmd_qaic.h
    /// What is free on the card now; asks it.
    [[nodiscard]] Result<aic100::ResourceBlock> resources();
    /// Loses the card on purpose: fenced, operations handed back with E_RESET; recover() boots it again.
    [[nodiscard]] Result<void> reset();
    /// 0 standby, 1 ready, 2 low power (aic100-workload.md 5.2) of all activations. E_BUSY with operations
    /// out.
    [[nodiscard]] Result<void> set_model_power(std::uint16_t id, std::int32_t power);
    /// Writes what aic100-device.md 6.3 lets be written. May take 1 s when the card does not answer.
    [[nodiscard]] Result<void> set_sensor(std::uint8_t command, std::int64_t value);

    // ---- device_partitions.cpp: parts of the card, numbered from 1; 0 = all that is in none of them
    static constexpr std::size_t max_partitions = 16;
    [[nodiscard]] Result<std::uint8_t> create_partition(const nnc::GroupRequest& request);
    /// E_BUSY while models are loaded in it.
    [[nodiscard]] Result<void> destroy_partition(std::uint8_t number);
    /// Models loaded from now on go into it. The card is asked whether it knows it.
    [[nodiscard]] Result<void> use_partition(std::uint8_t number);
    /// What is free in it now; asks the card.
    [[nodiscard]] Result<aic100::ResourceBlock> partition_resources(std::uint8_t number);
    /// Numbers of those there are.
    [[nodiscard]] Result<std::vector<std::uint8_t>> partitions();

    // ---- device_crash_dumps.cpp
    /// Where crash dumps are put from now on; no directory = they are declined.
    [[nodiscard]] Result<void> set_crash_dumps(CrashDumpPlace place);
    /// File of the dump that event CRASH_DUMP gave this number. E_INVAL when there is none.
    [[nodiscard]] Result<std::string> crash_dump_path(std::uint32_t number);

    /// Events since now; see DeviceEvents. The handler may call this device. Any thread.
    void on_event(DeviceEvents::Handler handler) { events_.on_event(std::move(handler)); }
    [[nodiscard]] const DeviceEvents& events() const noexcept { return events_; }

    // ---- observers; any thread
    [[nodiscard]] DeviceState state() const noexcept
    {
        const auto s = state_.load(std::memory_order_acquire);
        return s == DeviceState::ONLINE && degraded_.load(std::memory_order_relaxed) ? DeviceState::DEGRADED
                                                                                     : s;
    }
    [[nodiscard]] const std::string& name() const noexcept { return bus_->name(); }
    [[nodiscard]] const DeviceCounters& counters() const noexcept { return counters_; }
    [[nodiscard]] const BootReport& boot_report() const noexcept { return boot_; }
    [[nodiscard]] const aic100::InfoBlock& info() const noexcept { return info_; }
    /// Under the lock: look at the parts.
    struct Parts {
        const nnc::Counters& nnc;
        const mhi::HostCounters& mhi;
        const ServiceCounters& services;
    };
    void with_parts(const std::function<void(const Parts&)>& look);
    [[nodiscard]] std::string dump();
    // These wait for the control lock at most `limit`, then E_BUSY; from any thread but the data path's.
    [[nodiscard]] Result<DeviceSnapshot> snapshot(Nanos limit);
    [[nodiscard]] Result<std::string> boot_log(Nanos limit);
    /// One sensor of aic100-device.md 6.3. May take 1 s more when the card does not answer.
    [[nodiscard]] Result<std::int64_t> sensor(std::uint8_t command, Nanos limit);
    [[nodiscard]] std::vector<QueuePair*> queue_pairs();
    [[nodiscard]] Bus& bus() noexcept { return *bus_; }

  private:
    using Slot = ModelSlot;
    /// What is still to be done about a card that was lost.
    enum class Loss : std::uint8_t { NONE, FENCE, RELEASE, BOOT, LOAD, ACTIVATE };
    using Locked = std::unique_lock<std::mutex>;

    // device.cpp
    [[nodiscard]] bool online() const noexcept { return state_.load() == DeviceState::ONLINE; }
    [[nodiscard]] Result<void> usable() const;
    /// The control lock of a device in order; E_BUSY without a wait while the card is being brought back.
    [[nodiscard]] Result<Locked> enter();
    /// The control lock, taken from a boot of recover() if need be.
    [[nodiscard]] Locked interrupt();
    void forget_everything();
    [[nodiscard]] Result<Slot*> slot(std::uint16_t id);
    [[nodiscard]] std::uint64_t in_flight() const;
    void drop_models();
    void shut_card_down() noexcept;
    void give_back_everything(std::int16_t dev_id);

    // device_queues.cpp
    [[nodiscard]] std::vector<QueuePair*> set_up() const;
    /// Publishes ports and lanes as they are now and waits until no burst call uses older ones; then frees
    /// what was only kept for those.
    [[nodiscard]] Result<void> republish();
    [[nodiscard]] const ModelPort* port_for(Slot& slot, const QueuePair& qp, std::size_t k);
    [[nodiscard]] Result<void> quiesce_all();
    void deliver(QueuePair& qp, std::int16_t dev_id);
    void deliver_all(std::int16_t dev_id);
    [[nodiscard]] std::uint64_t in_flight_with_callback() const;

    // device_tenants.cpp
    [[nodiscard]] Tenant* tenant_of(const QueuePair& qp) const noexcept { return tenants_[qp.id].get(); }
    [[nodiscard]] Result<void> no_tenants() const;
    void show(std::uint16_t id, bool ours)
    {
        if (shown_) shown_(id, ours ? queue_pairs_[id].get() : nullptr);
    }
    [[nodiscard]] bool tenant_died() const noexcept;
    /// Queue pairs of the dead: faults what they left in disorder, consumes what the card still answers, and
    /// takes those back that are empty.
    void evict_dead();
    [[nodiscard]] bool emptied(QueuePair& qp);
    [[nodiscard]] bool emptied(dbc::Lane& lane, bool torn);
    [[nodiscard]] bool in_order(dbc::Channel& channel);
    void leave_to_tenants();

    // device_models.cpp
    [[nodiscard]] Result<void> load_again(Slot& slot);
    /// Every instance that does not run.
    [[nodiscard]] Result<void> activate(Slot& slot);
    [[nodiscard]] Result<void> activate(Slot& slot, std::size_t instance);
    /// Takes an idle model off its DBCs. E_BUSY when operations are out.
    [[nodiscard]] Result<void> deactivate(Slot& slot);
    void off_card(Running& running);
    [[nodiscard]] Result<void> activate_started();
    [[nodiscard]] std::unique_ptr<Running> take_off(Slot& slot, Instance& instance);
    [[nodiscard]] std::uint16_t id_of(const Slot& slot) const noexcept
    {
        return static_cast<std::uint16_t>(&slot - slots_.data());
    }
    template<class Visit>
    void each_running(Visit&& visit)
    {
        for (auto& s : slots_)
            for (auto& i : s.instances)
                if (i.running) visit(s, i, *i.running);
    }

    [[nodiscard]] Result<std::size_t> instances_of(const Slot& slot) const;
    [[nodiscard]] std::vector<std::uint32_t> feeders(const Slot& slot, std::size_t instance,
                                                     std::size_t count) const;

    // device_partitions.cpp
    struct Partition {
        nnc::GroupRequest request;
        std::int32_t on_card = 0; ///< the card's number for it
    };
    /// While it lives, what is asked of the card is within a partition.
    class InPartition {
      public:
        InPartition(Device& device, std::uint8_t number);
        ~InPartition();
        InPartition(const InPartition&) = delete;
        InPartition& operator=(const InPartition&) = delete;

      private:
        nnc::Client* client_;
    };
    [[nodiscard]] Result<Partition*> partition(std::uint8_t number);
    [[nodiscard]] Result<void> make_partitions_again();

    // device_crash_dumps.cpp
    void on_dump(services::Ssr::Dump dump);
    void finish_dumps();
    void tell_of_dump(const CrashDump& dump, const Result<std::string>& path);

    // device_snapshot.cpp
    [[nodiscard]] Result<Locked> lock_within(Nanos limit);
    [[nodiscard]] ModelCounters counters_of(std::uint16_t id);
    [[nodiscard]] static std::uint64_t errors_of(Running& running) noexcept;
    [[nodiscard]] ModelSnapshot model_snapshot(std::uint16_t id);

    // device_faults.cpp: one DBC
    void on_ssr(unsigned dbc, aic100::SsrEvent event);
    void on_ras(const aic100::RasMessage& message);
    /// All that recover() does, but for booting the card.
    void recover_locked();
    [[nodiscard]] bool trouble() const;
    [[nodiscard]] Result<void> fence(Slot& slot, Instance& instance);
    void fence_faulted();
    void reactivate_due();
    [[nodiscard]] bool reactivation_due(const Slot& slot, const Instance& instance) const;
    void reap();
    /// Tells of DBCs that are out of use, and whether there are any.
    void look_at_dbcs();
    void raise(DeviceEventKind kind, std::uint32_t value = 0, const Running* running = nullptr);

    // device_recovery.cpp: the whole card
    void lose_card(dbc::Guard why);
    void settle_loss();
    [[nodiscard]] bool stop_card();
    [[nodiscard]] bool release_operations();
    void plan_boot();
    void end(DeviceState final_state);
    [[nodiscard]] bool recovery_step();
    [[nodiscard]] Result<void> bring_back();
    [[nodiscard]] Result<void> boot_again();
    [[nodiscard]] Result<void> forgive(Slot& slot, Result<void> done);
    void attempt_failed(const Error& error);
    void back_online();

    const std::unique_ptr<Bus> bus_;
    const DeviceConfig config_;
    const std::uint64_t op_limit_; ///< TSC cycles
    mutable std::mutex control_;
    std::atomic<DeviceState> state_{DeviceState::ATTACHED};
    std::atomic<bool> configured_{false}, started_{false}, closed_{false}, degraded_{false};
    std::atomic<bool> closing_{false};    ///< no recovery any more
    std::atomic<bool> removal_{false};    ///< see removal_requested()
    std::atomic<unsigned> interrupts_{0}; ///< who waits for the lock of a recovery
    Controller controller_;
    std::unique_ptr<nnc::Client> client_;
    BootReport boot_;
    aic100::InfoBlock info_{};
    std::vector<Slot> slots_;
    /// SSR of DBCs that no activation of ours is bound to yet; cleared before each ACTIVATE.
    struct EarlySsr {
        bool down = false, up = false;
    };
    std::array<EarlySsr, aic100::dbc_count> early_ssr_{};
    mutable std::mutex
        pairs_lock_; ///< inside control_: who only looks at queue pairs must not wait for a boot
    std::vector<Placed<QueuePair>> queue_pairs_;                             ///< changed under both locks
    std::array<std::unique_ptr<Tenant>, DeviceLimits::queue_pairs> tenants_; ///< by queue pair
    Shown shown_;
    std::vector<std::unique_ptr<Standby>> standby_;  ///< one per queue pair
    std::vector<PublishedLanes> lane_lists_;         ///< the published ones, one per queue pair
    std::vector<std::unique_ptr<Running>> draining_; ///< fenced, operations not all handed back
    // Unpublished, freed after the next successful quiesce:
    std::vector<PublishedLanes> old_lists_;
    std::vector<std::unique_ptr<Running>> old_running_;
    Nanos next_card_fence_{0}; ///< not before: a fence that failed takes long
    Loss loss_ = Loss::NONE;
    dbc::Guard loss_why_ = dbc::Guard::NONE;
    Nanos lost_at_{0}, boot_due_{0};
    std::size_t next_load_ = 0; ///< model slot of Loss::LOAD
    RecoveryBudget card_budget_;
    bool ras_reset_wanted_ = false;
    std::optional<Nanos> last_ras_reset_;
    std::array<std::optional<Partition>, max_partitions> partitions_; ///< number - 1
    std::uint8_t load_into_ = 0;                                      ///< partition of models to come
    CrashDumpPlace dump_place_;
    std::vector<CrashDump> dumps_;        ///< read, not written yet
    std::vector<std::string> dump_files_; ///< by number
    bool dump_reset_wanted_ = false;      ///< the card did not keep to the dump's protocol
    DeviceCounters counters_;
    DeviceEvents events_;
    LogLimiter ras_log_{5};
};

} // namespace qaic
