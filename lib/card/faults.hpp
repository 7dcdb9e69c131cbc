// SPDX-License-Identifier: BSD-3-Clause
// What a test may break in the card, each by name, and what it may look at. Reached through Card::faults(),
// used on the thread that polls the card. reliability.md 5 (a), 6
#pragma once
#include "aic100/wire/services.hpp"
#include "card/bar0.hpp"
#include "card/crash_dump.hpp"
#include "card/event_ring.hpp"
#include "card/mhi_engine.hpp"
#include "card/ssr.hpp"
#include <set>

namespace card {

class CardCore;

/// Switches of the boot stages.
struct BootFaults {
    bool withhold_ready = false;            ///< READY is never set
    Nanos ready_extra{0};                   ///< added to the delay before READY
    bool stall_bhi = false;                 ///< PBL takes the request and does nothing
    std::optional<std::uint32_t> bhi_error; ///< the next download fails with this ERRCODE
    bool mute_sahara = false;               ///< SBL neither asks nor answers
    std::set<std::uint32_t> optional_images;
    CrashDump dump; ///< SBL offers it before the images (3.4)
    [[nodiscard]] bool image_optional(std::uint32_t id) const { return optional_images.contains(id); }
};

class Faults {
  public:
    explicit Faults(CardCore& core) : core_(core) {}
    Faults(const Faults&) = delete;
    Faults& operator=(const Faults&) = delete;

    // ---- link and registers
    /// Every BAR reads all-ones, no DMA, no MSI, until power_cycle().
    void surprise_remove();
    /// The same, by the n-th BAR 0 access from now (1 = the next one).
    void remove_after(unsigned accesses);
    /// The next `count` reads of a BAR 0 register give `value` (0 = all of them until restore_registers()).
    void override_register(std::uint32_t offset, std::uint32_t value, unsigned count = 0);
    void restore_registers();

    // ---- boot; kept over resets, cleared one by one
    void withhold_ready(bool on) { boot.withhold_ready = on; }
    void delay_ready(Nanos extra) { boot.ready_extra = extra; }
    void stall_bhi(bool on) { boot.stall_bhi = on; }
    void fail_bhi(std::uint32_t errcode) { boot.bhi_error = errcode; }
    void mute_sahara(bool on) { boot.mute_sahara = on; }
    void image_optional(std::uint32_t id) { boot.optional_images.insert(id); }
    void offer_crash_dump(CrashDump dump) { boot.dump = std::move(dump); }
    /// MHICTRL.RESET keeps reading 1 (D27).
    void ignore_reset(bool on) { reset_ignored = on; }

    // ---- run time
    /// A crash. With `reboot` the card is in PBL when the host looks.
    void sys_err(bool reboot);
    /// Restarts the workload of a DBC; `with_dump` offers default_dump().
    void start_ssr(unsigned dbc, bool with_dump);
    void start_ssr(unsigned dbc, CrashDump dump);
    void push_ras(const aic100::RasMessage& message);
    void push_ras(aic100::RasSource source, aic100::RasErrorType type);
    /// Any packet on a from-device channel, as if a service had sent it. False when the channel is not up.
    bool send_packet(std::uint8_t from_device, Bytes packet);
    /// Any event.
    void post_event(const aic100::RingElement& event);
    /// A line of boot log.
    void log(std::string line);

    // ---- interrupts
    /// Every MSI is lost (D51).
    void lose_msi(bool on);
    /// From now on each pass of the card's poll raises every vector so many times, for nothing; 0 ends it
    /// (D50).
    void storm_msi(unsigned times) { msi_storm = times; }

    // ---- events on their way out. `wanted` limits all of these to some events.
    void only_events(std::function<bool(const aic100::RingElement&)> wanted)
    {
        events.wanted = std::move(wanted);
    }
    void drop_next_events(unsigned count = 1) { events.drop = count; }
    void duplicate_next_events(unsigned count = 1) { events.duplicate = count; }
    void corrupt_next_events(std::function<void(aic100::RingElement&)> transform, unsigned count = 1);
    /// The next event publishes `rp` in the context instead of its own (D22).
    void publish_event_rp(std::uint64_t rp) { events.next_rp = rp; }
    void freeze_events(bool on) { events.frozen = on; }

    // ---- observers
    [[nodiscard]] std::uint64_t register_reads(std::uint32_t offset) const;
    [[nodiscard]] std::uint64_t register_writes(std::uint32_t offset) const;
    [[nodiscard]] std::uint64_t wake_rings() const;
    [[nodiscard]] const HostGate::Counters& dma() const;
    [[nodiscard]] const MhiEngine::Counters& mhi() const;
    [[nodiscard]] std::uint64_t events_posted() const;
    [[nodiscard]] std::size_t events_waiting() const;
    [[nodiscard]] const Ssr::Counters& ssr() const;
    [[nodiscard]] bool ssr_idle() const;
    /// Wall-clock time the host gave at boot, and the offset it gave last; microseconds.
    [[nodiscard]] std::uint64_t boot_time_us() const;
    [[nodiscard]] std::optional<std::uint64_t> time_offset_us() const;
    [[nodiscard]] bool boot_failed() const;
    /// The management firmware, for its own hooks; nullptr when a test put something else in its place. Not
    /// valid after power_cycle().
    [[nodiscard]] Qsm* qsm() const;

    BootFaults boot;
    EventFaults events;
    bool reset_ignored = false;
    unsigned msi_storm = 0;

  private:
    CardCore& core_;
};

/// Two regions, one of them longer than a single read.
[[nodiscard]] CrashDump default_dump();

} // namespace card
