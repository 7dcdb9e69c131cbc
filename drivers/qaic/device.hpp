// SPDX-License-Identifier: BSD-3-Clause
// One card from attach to close: bus, boot, control protocol, models, queue pairs, faults. Knows nothing of
// rte_ml_dev or EAL: mldev_*.cpp are thin on top of it. Public calls take the control lock and may wait
// (bounded by Limits); none may be made from the data path. States and fences: reliability.md 2.3, 2.4.
#pragma once
#include "qaic/controller.hpp"
#include "qaic/log.hpp"
#include "qaic/nnc/client.hpp"
#include "qaic/recovery_budget.hpp"
#include "qaic/running.hpp"
#include <functional>
#include <mutex>

namespace qaic {

enum class DeviceState : std::uint8_t { ATTACHED, BOOTING, ONLINE, FAILED, REMOVED };
[[nodiscard]] std::string_view to_string(DeviceState state) noexcept;

struct DeviceConfig {
    ControllerConfig controller;
    std::uint32_t handle = 1; ///< NNC user id (4.12)
    Nanos op_timeout = 5s;    ///< deadline of an operation
    std::uint64_t tsc_hz = 0; ///< of rte_rdtsc()
    Nanos quiesce_limit = 1s; ///< for a burst call to return
    dbc::Completions completions = dbc::Completions::MEMORY;
};

struct DeviceLimits {
    static constexpr std::uint16_t models = 64, queue_pairs = 16, desc = 4096, io = max_model_io, align = 64;
};

/// Counters of the control side. Read without the lock for statistics: only ever grow.
struct DeviceCounters {
    std::atomic<std::uint64_t> faults{0}, fences{0}, reactivations{0}, recovery_failures{0}, retired_bytes{0},
        ras_uncorrectable{0}, lost_ops{0};
};

/// Counters of one model slot.
struct ModelCounters {
    std::uint64_t submitted = 0, finished = 0, in_flight = 0, activations = 0, faults = 0;
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

    // ---- models
    [[nodiscard]] Result<std::uint16_t> load_model(ConstSpan bytes);
    [[nodiscard]] Result<void> unload_model(std::uint16_t id);
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
    /// Fences faulted DBCs and gives their operations back, activates again within the budget, ends the
    /// device when the card is lost. May wait as long as the fence ladder takes.
    void recover();
    [[nodiscard]] Result<void> selftest();

    // ---- observers; any thread
    [[nodiscard]] DeviceState state() const noexcept { return state_.load(std::memory_order_acquire); }
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
    [[nodiscard]] std::vector<QueuePair*> queue_pairs();
    [[nodiscard]] Bus& bus() noexcept { return *bus_; }

  private:
    struct Slot {
        std::unique_ptr<Model> model;
        std::atomic<const Model*> visible{nullptr}; ///< model, for readers without the lock
        std::unique_ptr<Running> running;           ///< may be fenced and waiting for its successor
        bool started = false;                       ///< what the application asked for
        std::uint64_t activations = 0, faults = 0;
        std::uint64_t submitted_before = 0; ///< through activations that are gone
        RecoveryBudget budget;
        std::optional<Nanos> reactivate_at; ///< after a fence; nothing when the budget is spent
        Nanos fenced_at{0};
    };
    using Locked = std::unique_lock<std::mutex>;

    // device.cpp
    [[nodiscard]] Result<void> usable() const;
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
    [[nodiscard]] Result<void> quiesce_all();
    void deliver(QueuePair& qp, std::int16_t dev_id);
    void deliver_all(std::int16_t dev_id);
    [[nodiscard]] std::uint64_t in_flight_with_callback() const;

    // device_models.cpp
    [[nodiscard]] Result<void> activate(Slot& slot);
    /// Takes an idle model off its DBC. E_BUSY when operations are out.
    [[nodiscard]] Result<void> deactivate(Slot& slot);
    [[nodiscard]] Result<void> activate_started();
    [[nodiscard]] std::unique_ptr<Running> take_off(Slot& slot);

    // device_recovery.cpp
    void on_ssr(unsigned dbc, aic100::SsrEvent event);
    void on_ras(const aic100::RasMessage& message);
    void recover_locked();
    [[nodiscard]] bool trouble() const;
    [[nodiscard]] Result<void> fence(Slot& slot);
    void fence_faulted();
    void reactivate_due();
    void reap();
    void card_lost(dbc::Guard why, DeviceState end);
    void fence_whole_card(dbc::Guard why);
    [[nodiscard]] bool reactivation_due(const Slot& slot) const;

    const std::unique_ptr<Bus> bus_;
    const DeviceConfig config_;
    const std::uint64_t op_limit_; ///< TSC cycles
    mutable std::mutex control_;
    std::atomic<DeviceState> state_{DeviceState::ATTACHED};
    std::atomic<bool> configured_{false}, started_{false}, closed_{false};
    Controller controller_;
    std::unique_ptr<nnc::Client> client_;
    BootReport boot_;
    aic100::InfoBlock info_{};
    std::vector<Slot> slots_;
    std::vector<std::unique_ptr<QueuePair>> queue_pairs_;
    std::vector<std::unique_ptr<LaneList>> lane_lists_; ///< the published ones, one per queue pair
    std::vector<std::unique_ptr<Running>> draining_;    ///< fenced, operations not all handed back
    // Unpublished, freed after the next successful quiesce:
    std::vector<std::unique_ptr<LaneList>> old_lists_;
    std::vector<std::unique_ptr<Running>> old_running_;
    Nanos next_card_fence_{0}; ///< not before: a fence that failed takes long
    DeviceCounters counters_;
    LogLimiter ras_log_{5};
};

} // namespace qaic
