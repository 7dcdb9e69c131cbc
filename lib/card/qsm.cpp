// SPDX-License-Identifier: BSD-3-Clause
#include "card/qsm.hpp"
#include "card/nnc/server.hpp"

namespace card {

struct Qsm::Impl {
    Impl(const CardConfig& config, QsmPorts ports) : firmware(config, std::move(ports)), server(firmware) {}
    Firmware firmware;
    Server server;
};

Qsm::Qsm(const CardConfig& config, QsmPorts ports) : impl_(std::make_unique<Impl>(config, std::move(ports)))
{}
Qsm::~Qsm() = default;

std::optional<Bytes> Qsm::control(ConstSpan message) { return impl_->server.handle(message); }
void Qsm::control_started() { impl_->server.channel_started(); }

void Qsm::reset()
{
    impl_->server.reset(); // pending loads first: they hold card memory
    impl_->firmware.reset();
}

bool Qsm::poll() { return impl_->firmware.poll(); }
std::optional<Nanos> Qsm::next_due() const { return impl_->firmware.next_due(); }
bool Qsm::ssr_begin(unsigned dbc) { return impl_->firmware.ssr_begin(dbc); }
void Qsm::ssr_end(unsigned dbc) { impl_->firmware.ssr_end(dbc); }

Qsm::DbcView Qsm::dbc(unsigned index) const
{
    DbcView v;
    if (index >= aic100::dbc_count) return v;
    const auto& channel = *impl_->firmware.channels[index];
    const auto& owner = impl_->firmware.by_dbc[index];
    v.active = owner != nullptr;
    v.elements = channel.elements();
    v.req_head = channel.req_head();
    v.rsp_tail = channel.rsp_tail();
    v.pending = channel.pending();
    v.executed = channel.counters().executed;
    if (!owner) return v;
    v.handle = owner->handle;
    const auto& values = owner->semaphores.values();
    std::copy(values.begin(), values.end(), v.semaphores);
    return v;
}

std::string Qsm::program_log(unsigned index) const
{
    if (index >= aic100::dbc_count) return {};
    const auto& owner = impl_->firmware.by_dbc[index];
    return owner && owner->runner ? owner->runner->log() : std::string();
}

void Qsm::fail_responses(unsigned dbc, std::uint16_t code, unsigned count)
{
    if (dbc < aic100::dbc_count) impl_->firmware.channels[dbc]->fail_responses(code, count);
}

void Qsm::freeze(unsigned dbc, bool on)
{
    if (dbc < aic100::dbc_count) impl_->firmware.channels[dbc]->freeze(on);
}

void Qsm::mute(bool on) { impl_->server.mute(on); }

std::optional<TimingView> Qsm::timing()
{
    if (!impl_->firmware.timing) return std::nullopt;
    (void)impl_->firmware.catch_up();
    return impl_->firmware.timing->view();
}

void Qsm::reset_timing()
{
    if (!impl_->firmware.timing) return;
    (void)impl_->firmware.catch_up();
    impl_->firmware.timing->reset_view();
}

bool Qsm::stall(Nanos time)
{
    if (!impl_->firmware.timing) return false;
    (void)impl_->firmware.catch_up();
    impl_->firmware.timing->stall(time);
    return true;
}

} // namespace card
