// SPDX-License-Identifier: BSD-3-Clause
#include "card/card.hpp"
#include "card/card_core.hpp"

namespace card {

struct Card::Impl {
    CardCore core;
};

Card::Card(CardConfig config, HostPort& host, const Clock& clock)
    : impl_(new Impl{CardCore(std::move(config), host, clock, real_control())})
{}
Card::~Card() = default;

std::uint32_t Card::read32(unsigned bar, std::uint64_t offset) noexcept
{
    return impl_->core.read32(bar, offset);
}
void Card::write32(unsigned bar, std::uint64_t offset, std::uint32_t value) noexcept
{
    impl_->core.write32(bar, offset, value);
}
std::uint64_t Card::read64(unsigned bar, std::uint64_t offset) noexcept
{
    return impl_->core.read64(bar, offset);
}
std::span<std::byte> Card::dbc_window() noexcept { return impl_->core.window().bytes(); }
int Card::dbc_window_fd() const noexcept { return impl_->core.window().fd(); }

void Card::set_bus_master(bool on) noexcept { impl_->core.gate().set_bus_master(on); }
void Card::set_msi_messages(unsigned messages) noexcept { impl_->core.gate().set_messages(messages); }

bool Card::poll() { return impl_->core.poll(); }
std::optional<Nanos> Card::next_due() const { return impl_->core.next_due(); }
void Card::power_cycle() { impl_->core.power_cycle(); }
Stage Card::stage() const noexcept { return impl_->core.stage(); }
Faults& Card::faults() noexcept { return impl_->core.faults(); }

} // namespace card
