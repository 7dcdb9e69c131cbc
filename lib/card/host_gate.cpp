// SPDX-License-Identifier: BSD-3-Clause
#include "card/host_gate.hpp"
#include <thread>

namespace card {
namespace {

const void* this_thread() noexcept
{
    static thread_local const char marker = 0;
    return &marker;
}

} // namespace

/// Announces an access before looking at the switches; set_bus_master() flips the switch before looking for
/// an access. Sequentially consistent, so at least one of the two sees the other.
class HostGate::Pass {
  public:
    explicit Pass(HostGate& gate) noexcept : gate_(gate)
    {
        gate_.inside_.store(this_thread());
        open_ = gate_.open();
    }
    ~Pass() { gate_.inside_.store(nullptr, std::memory_order_release); }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;
    explicit operator bool() const noexcept { return open_; }

  private:
    HostGate& gate_;
    bool open_ = false;
};

bool HostGate::read(std::uint64_t iova, MutSpan to) noexcept
{
    const Pass pass(*this);
    if (!pass) return ++counters_.refused, false;
    ++counters_.reads;
    const bool ok = host_.read(iova, to);
    counters_.faults += ok ? 0 : 1;
    return ok;
}

bool HostGate::write(std::uint64_t iova, ConstSpan from) noexcept
{
    const Pass pass(*this);
    if (!pass) return ++counters_.refused, false;
    ++counters_.writes;
    const bool ok = host_.write(iova, from);
    counters_.faults += ok ? 0 : 1;
    return ok;
}

void HostGate::raise_msi(unsigned vector) noexcept
{
    const Pass pass(*this);
    const unsigned messages = messages_.load();
    if (!pass || messages == 0) return;
    if (lose_msi_) {
        ++counters_.msi_lost;
        return;
    }
    const unsigned sent = vector < messages ? vector : 0;
    if (sent < counters_.msi.size()) ++counters_.msi[sent];
    host_.raise_msi(sent);
}

void HostGate::wait_idle() const noexcept
{
    // An access is one bounded copy. The engine's own thread may call from inside one (a host that reacts to
    // an MSI at once): it must not wait for itself.
    for (auto* who = inside_.load(); who != nullptr && who != this_thread(); who = inside_.load())
        std::this_thread::yield();
}

void HostGate::set_bus_master(bool on) noexcept
{
    bus_master_.store(on);
    if (!on) wait_idle();
}

void HostGate::remove() noexcept
{
    gone_.store(true);
    wait_idle();
}

void HostGate::power_cycle() noexcept
{
    set_bus_master(false);
    messages_.store(0);
    gone_.store(false);
}

} // namespace card
