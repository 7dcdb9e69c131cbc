// SPDX-License-Identifier: BSD-3-Clause
// A device as text, for rte_ml_dev_dump().
#include "qaic/device.hpp"

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
double ms(Nanos n) { return static_cast<double>(n.count()) / 1e6; }
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
    for (const auto& stage : boot_.stages) line("  boot {:<10} {:>10.3f} ms", stage.name, ms(stage.took));
    line("  boot {:<10} {:>10.3f} ms (found in {})", "total", ms(boot_.total), boot_.found);
    for (std::size_t m = 0; m < slots_.size(); ++m) {
        const auto& s = slots_[m];
        if (!s.model) continue;
        line("  model {} '{}' {} inputs {} bytes, {} outputs {} bytes, {} NSPs, activations {} faults {}", m,
             s.model->name(), s.model->layout().inputs.size(), s.model->layout().input_bytes,
             s.model->layout().outputs.size(), s.model->layout().output_bytes, s.model->nsps(), s.activations,
             s.faults);
        if (!s.running) continue;
        auto& r = *s.running;
        line("    DBC {} elements {} depth {} x {} lanes, submitted {} in flight {}", r.activation().dbc,
             r.queue().elements(), r.depth(), r.lanes(), r.submitted(), r.outstanding());
        if (r.channel().state.load() != dbc::ChannelState::ACTIVE) line("    {}", r.queue().fault_text());
    }
    for (const auto* q : set_up())
        line("  queue pair {} depth {} enqueued {} dequeued {} failed {} rejected {} full {}", q->id,
             q->depth, q->enqueued.load(), q->dequeued.load(), q->failed.load(), q->rejected.load(),
             q->full.load());
    line("  faults {} fences {} reactivations {} retired {} bytes", counters_.faults.load(),
         counters_.fences.load(), counters_.reactivations.load(), counters_.retired_bytes.load());
    return fmt::to_string(text);
}

} // namespace qaic
