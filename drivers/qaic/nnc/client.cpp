// SPDX-License-Identifier: BSD-3-Clause
// Life of the client and the commands that ask: STATUS, information, TERMINATE.
// aic100-device.md 4.6, 4.9, 4.13
#include "qaic/nnc/client_impl.hpp"

namespace qaic::nnc {
using namespace aic100;

Client::Client(Bus& bus, std::unique_ptr<Channel> channel, const Limits& limits, std::uint32_t handle)
    : impl_(std::make_unique<Impl>(bus, std::move(channel), limits, handle))
{}
Client::~Client() = default;

const Counters& Client::counters() const noexcept { return impl_->counters; }
std::size_t Client::retired_bytes() const noexcept { return impl_->exchange.retired_bytes(); }
void Client::set_staging_window(std::size_t bytes) noexcept { impl_->staging_window = bytes; }
void Client::set_staging_piece(std::size_t bytes) noexcept { impl_->staging_piece = bytes; }

void Client::card_fenced() noexcept
{
    impl_->exchange.card_fenced();
    impl_->active = 0;
}

void Client::released(unsigned dbc) noexcept
{
    if (dbc < dbc_count) impl_->active &= ~(1u << dbc);
}

bool Client::owns(unsigned dbc) const noexcept { return dbc < dbc_count && (impl_->active & 1u << dbc) != 0; }

Result<NncStatusFromDev> Client::hello()
{
    auto& i = *impl_;
    QAIC_CHECK(i.exchange.open());
    // Handle 0: the driver itself. The kernel's first message is the same (4.6).
    Message message(0);
    message.transaction<NncTransaction>(NncType::STATUS_TO_DEV);
    std::vector<DmaMemory> none;
    QAIC_TRY(const auto reply, i.exchange.request(message, "STATUS", none));
    const auto status = reply.only<NncStatusFromDev>(NncType::STATUS_FROM_DEV);
    if (!status || reply.transactions().size() != 1)
        return i.broken(i.counters.n_trx, "N-TRX reply to STATUS holds no single STATUS transaction");
    if (status->status != 0)
        return fail(Code::E_DMA, "{}: control protocol refused: STATUS got={} limit=0", i.bus.name(),
                    status->status.get());
    if (status->major != nnc_major)
        return fail(Code::E_UNSUPP,
                    "{}: control protocol version got={}.{} limit={}.x: firmware not supported", i.bus.name(),
                    status->major.get(), status->minor.get(), nnc_major);
    return *status;
}

Result<InfoBlock> Client::info()
{
    StatusQuery query{};
    query.type = static_cast<std::uint32_t>(NncCmd::STATUS);
    Message message(impl_->handle);
    message.command(query);
    QAIC_TRY(const auto response, impl_->command<StatusQueryResp>(message, NncCmd::STATUS, "STATUS query"));
    const auto& info = response.info;
    if (info.format < info_format || info.metadata_major != metadata_major_version ||
        info.nnc_cmd_major != nnc_cmd_protocol_major)
        return fail(Code::E_UNSUPP,
                    "{}: firmware not supported: info format got={} limit={}, metadata major got={} "
                    "limit={}, command "
                    "protocol major got={} limit={}",
                    impl_->bus.name(), info.format, info_format, info.metadata_major.get(),
                    metadata_major_version, info.nnc_cmd_major.get(), nnc_cmd_protocol_major);
    return info;
}

Result<ResourceBlock> Client::resources(std::int32_t group)
{
    ResourceInfo query{};
    query.type = static_cast<std::uint32_t>(NncCmd::RESOURCE_INFO);
    query.group_id = group;
    Message message(impl_->handle);
    message.command(query);
    QAIC_TRY(const auto r, impl_->command<ResourceInfoResp>(message, NncCmd::RESOURCE_INFO, "RESOURCE_INFO"));
    return r.block;
}

Result<PerformanceBlock> Client::performance()
{
    PerformanceInfo query{};
    query.type = static_cast<std::uint32_t>(NncCmd::PERFORMANCE_INFO);
    Message message(impl_->handle);
    message.command(query);
    QAIC_TRY(const auto r,
             impl_->command<PerformanceInfoResp>(message, NncCmd::PERFORMANCE_INFO, "PERFORMANCE_INFO"));
    return r.block;
}

Result<void> Client::terminate()
{
    auto& i = *impl_;
    Message message(i.handle, 0); // the partition field is 0 here, not -1 (4.9)
    NncTerminateToDev body{};
    body.handle = i.handle;
    message.transaction(NncType::TERMINATE_TO_DEV, body);
    std::vector<DmaMemory> none;
    QAIC_TRY(const auto reply, i.exchange.request(message, "TERMINATE", none));
    const auto status = reply.only<NncStatusWord>(NncType::TERMINATE_FROM_DEV);
    if (!status)
        return i.broken(i.counters.n_trx, "N-TRX reply to TERMINATE holds no single TERMINATE transaction");
    if (status->status != 0)
        return fail(Code::E_DMA, "{}: TERMINATE refused by the card: status got={} limit=0", i.bus.name(),
                    status->status.get());
    i.active = 0;
    return {};
}

} // namespace qaic::nnc
