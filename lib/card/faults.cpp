// SPDX-License-Identifier: BSD-3-Clause
#include "card/faults.hpp"
#include "card/card_core.hpp"

namespace card {

void Faults::surprise_remove() { core_.remove(); }
void Faults::remove_after(unsigned accesses) { core_.bar0().remove_after(accesses); }
void Faults::override_register(std::uint32_t offset, std::uint32_t value, unsigned count)
{
    core_.bar0().override_reads(offset, value, count);
}
void Faults::restore_registers() { core_.bar0().clear_overrides(); }

void Faults::sys_err(bool reboot) { core_.system_error(reboot); }
void Faults::start_ssr(unsigned dbc, bool with_dump)
{
    start_ssr(dbc, with_dump ? default_dump() : CrashDump());
}
void Faults::start_ssr(unsigned dbc, CrashDump dump) { core_.ssr().restart(dbc, std::move(dump)); }
void Faults::push_ras(const aic100::RasMessage& message) { core_.ras().push(message); }
void Faults::push_ras(aic100::RasSource source, aic100::RasErrorType type)
{
    push_ras(make_ras(source, type));
}
bool Faults::send_packet(std::uint8_t from_device, Bytes packet)
{
    return core_.engine().send(from_device, std::move(packet));
}
void Faults::post_event(const aic100::RingElement& event) { core_.engine().post(event); }
void Faults::lose_msi(bool on) { core_.gate().lose_msi(on); }
void Faults::log(std::string line) { core_.boot_log().line(std::move(line)); }

void Faults::corrupt_next_events(std::function<void(aic100::RingElement&)> transform, unsigned count)
{
    events.transform = std::move(transform);
    events.corrupt = count;
}

std::uint64_t Faults::register_reads(std::uint32_t offset) const { return core_.bar0().reads(offset); }
std::uint64_t Faults::register_writes(std::uint32_t offset) const { return core_.bar0().writes(offset); }
std::uint64_t Faults::wake_rings() const { return core_.bar0().wake_rings(); }
const HostGate::Counters& Faults::dma() const { return core_.gate().counters(); }
const MhiEngine::Counters& Faults::mhi() const { return core_.engine().counters(); }
std::uint64_t Faults::events_posted() const { return core_.engine().events().posted(); }
std::size_t Faults::events_waiting() const { return core_.engine().events().backlog(); }
const Ssr::Counters& Faults::ssr() const { return core_.ssr().counters(); }
bool Faults::ssr_idle() const { return core_.ssr().idle(); }
std::uint64_t Faults::boot_time_us() const { return core_.boot_timesync().host_time_us(); }
std::optional<std::uint64_t> Faults::time_offset_us() const { return core_.timesync().offset_us(); }
bool Faults::boot_failed() const { return core_.sahara().failed(); }
Qsm* Faults::qsm() const { return core_.control().qsm(); }

CrashDump default_dump()
{
    const auto pattern = [](std::size_t bytes, unsigned step) {
        Bytes data(bytes);
        for (std::size_t i = 0; i < bytes; ++i) data[i] = static_cast<std::byte>((i * step + i / 251) & 0xff);
        return data;
    };
    return CrashDump({{0x2000'0000, 1, "NSP registers", "nsp_regs.bin", pattern(4096, 7)},
                      {0x3000'0000, 2, "NSP memory", "nsp_mem.bin", pattern(200'001, 13)}});
}

} // namespace card
