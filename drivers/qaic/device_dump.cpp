// SPDX-License-Identifier: BSD-3-Clause
// A device as text, for rte_ml_dev_dump(): what the driver knows, then registers and rings as they are now.
#include "qaic/device.hpp"
#include "qaic/register_text.hpp"

namespace qaic {
namespace {
template<std::size_t N>
std::string printable(const char (&field)[N])
{
    std::string out;
    for (const char c : field) {
        if (c == 0) break;
        out.push_back(c >= ' ' && c < 127 ? c : '.');
    }
    return out;
}

/// Registers of a DBC and what they say about its FIFOs.
std::string fifos_text(Bus& bus, Running& r)
{
    const auto regs = read_dbc_registers(bus, r.activation().dbc);
    const auto n = r.queue().elements();
    auto out = to_text(regs);
    const bool sound = regs.reqhp < n && regs.reqtp < n && regs.rsphp < n && regs.rsptp < n;
    if (!sound) return out + fmt::format(" (beyond the {} elements of the FIFOs)", n);
    const auto waiting = aic100::fifo_used(regs.reqhp, regs.reqtp, n);
    out += fmt::format(", requests not fetched {}, responses not acknowledged {}", waiting,
                       aic100::fifo_used(regs.rsphp, regs.rsptp, n));
    if (waiting == 0) return out;
    const auto& e = r.channel().requests[regs.reqhp];
    return out + fmt::format("; next id {:#06x} cmd {:#04x} {:#x} -> {:#x} {} bytes", e.req_id.get(), e.cmd,
                             e.source.get(), e.destination.get(), e.length.get());
}

double fraction_ms(Nanos n) { return static_cast<double>(n.count()) / 1e6; }
} // namespace

std::string Device::dump()
{
    const Locked lock(control_);
    fmt::memory_buffer text;
    const auto line = [&](auto&& f, auto&&... a) {
        fmt::format_to(std::back_inserter(text), fmt::runtime(f), a...);
        text.push_back('\n');
    };
    line("device {} state {} {}{}", name(), to_string(state()),
         closed_       ? "closed"
         : started_    ? "started"
         : configured_ ? "configured"
                       : "probed",
         bus_->numa_node() >= 0 ? fmt::format(" numa {}", bus_->numa_node()) : "");
    line("  card serial {} board {} firmware {}.{}.{}.{} hw 0x{:08x}", printable(info_.serial),
         printable(info_.board_serial), info_.fw_major, info_.fw_minor, info_.fw_patch, info_.fw_build,
         info_.hw_version.get());
    line("  NSPs {} DDR {} MiB virtual channels {}", info_.resources.nsp_total,
         info_.resources.dram_total_mb.get(), info_.resources.vc_total);
    for (const auto& stage : boot_.stages)
        line("  boot {:<10} {:>10.3f} ms", stage.name, fraction_ms(stage.took));
    line("  boot {:<10} {:>10.3f} ms (found in {})", "total", fraction_ms(boot_.total), boot_.found);
    // Nobody reads registers of a card that is off the bus, or on its way back to it.
    const bool readable = online() && !closed_;
    for (std::size_t m = 0; m < slots_.size(); ++m) {
        const auto& s = slots_[m];
        if (!s.model) continue;
        line("  model {} '{}' {} inputs {} bytes, {} outputs {} bytes, {} NSPs, activations {} faults {}", m,
             s.model->name(), s.model->layout().inputs.size(), s.model->layout().input_bytes,
             s.model->layout().outputs.size(), s.model->layout().output_bytes, s.model->nsps(), s.activations,
             s.faults);
        for (const auto& i : s.instances) {
            if (!i.running) continue;
            auto& r = *i.running;
            line("    DBC {} elements {} depth {} x {} lanes, submitted {} in flight {}", r.activation().dbc,
                 r.queue().elements(), r.depth(), r.lanes(), r.submitted(), r.outstanding());
            if (r.channel().state.load() != dbc::ChannelState::ACTIVE) line("    {}", r.queue().fault_text());
            if (readable && r.on_card) line("    {}", fifos_text(*bus_, r));
        }
    }
    for (const auto* q : set_up())
        line("  queue pair {} depth {} enqueued {} dequeued {} failed {} rejected {} full {}", q->id,
             q->depth, q->enqueued.load(), q->dequeued.load(), q->failed.load(), q->rejected.load(),
             q->full.load());
    line("  faults {} fences {} reactivations {} retired {} bytes", counters_.faults.load(),
         counters_.fences.load(), counters_.reactivations.load(), counters_.retired_bytes.load());
    line("  card losses {} recoveries {} failed attempts {}", counters_.card_losses.load(),
         counters_.card_recoveries.load(), counters_.recovery_failures.load());
    if (readable) text.append(mhi_registers_text(*bus_) + controller_.mhi().describe());
    return fmt::to_string(text);
}

} // namespace qaic
