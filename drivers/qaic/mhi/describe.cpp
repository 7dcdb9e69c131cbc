// SPDX-License-Identifier: BSD-3-Clause
// Rings and channels of the control link as text, for a dump. Reads no register and no memory of the card.
#include "qaic/mhi/impl.hpp"

namespace qaic::mhi {
namespace {

std::string_view name_of(ChannelPhase phase) noexcept
{
    static constexpr std::string_view names[] = {"disabled", "starting", "running", "stopping", "failed"};
    const auto i = static_cast<std::size_t>(phase);
    return i < std::size(names) ? names[i] : "?";
}

std::string_view name_of(Health health) noexcept
{
    static constexpr std::string_view names[] = {"off", "in order", "SYS_ERR", "gone", "broken"};
    const auto i = static_cast<std::size_t>(health);
    return i < std::size(names) ? names[i] : "?";
}

std::string ring(std::string_view name, const RingMemory& memory)
{
    return fmt::format("  {} ring at {:#x}, {} elements", name, memory.place().iova, memory.size());
}

} // namespace

std::string Host::describe() const
{
    const auto& i = *impl_;
    auto out = fmt::format("  mhi {}{}{}, environment {}\n", name_of(i.health), i.why.empty() ? "" : ": ",
                           i.why, i.env ? aic100::to_string(*i.env) : "unknown");
    if (i.events.memory().size() == 0) return out; // never powered up
    out += fmt::format("{}, write pointer {:#x}, events {}\n", ring("event", i.events.memory()),
                       i.events.write_pointer(), i.counters.events);
    out += fmt::format("{}, next {}\n", ring("command", i.commands.memory()), i.commands.write_index());
    for (unsigned id = 0; id < channel_ids; ++id) {
        const auto& c = i.channels[id];
        if (c.phase == ChannelPhase::DISABLED) continue;
        out += fmt::format("{}, {}, used {}, next {}\n",
                           ring(fmt::format("channel {} {} {}", id, aic100::channel_info(id)->name,
                                            id % 2 == 0 ? "to device" : "from device"),
                                c.ring.memory()),
                           name_of(c.phase), c.ring.used(), c.ring.write_index());
    }
    return out;
}

} // namespace qaic::mhi
