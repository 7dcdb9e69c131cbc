// SPDX-License-Identifier: BSD-3-Clause
// Inside of the NNC client, shared by its files; nobody else includes it.
#pragma once
#include "qaic/nnc/client.hpp"
#include "qaic/nnc/exchange.hpp"
#include "qaic/nnc/status.hpp"

namespace qaic::nnc {

/// Status words where each response keeps them (4.13).
template<class Response>
[[nodiscard]] std::int32_t status_of(const Response& r) noexcept
{
    return r.status;
}

struct Client::Impl {
    Impl(Bus& b, std::unique_ptr<Channel> ch, const Limits& limits, std::uint32_t h)
        : bus(b), channel(std::move(ch)), handle(h), exchange(b, *channel, limits.nnc, counters)
    {}

    /// One request and its reply, with the -36 rule of aic100-workload.md 5.4: 5 attempts, 1 s apart.
    /// `status` tells the command's status from the reply, or why the reply is no good.
    template<class Status>
    Result<Reply> ask(Message& message, std::string_view what, std::vector<DmaMemory>& memory,
                      Status&& status);
    /// A passthrough command answered by one passthrough of type `Response`, status 0.
    template<class Response>
    Result<Response> command(Message& message, aic100::NncCmd sent, std::string_view what,
                             std::vector<DmaMemory>& memory);
    template<class Response>
    Result<Response> command(Message& message, aic100::NncCmd sent, std::string_view what)
    {
        std::vector<DmaMemory> none;
        return command<Response>(message, sent, what, none);
    }
    /// The response of type `Response` in a reply of at most `transactions` transactions.
    template<class Response>
    Result<Response> response_in(const Reply& reply, aic100::NncCmd sent, std::string_view what,
                                 std::size_t transactions);

    /// Memory that a part of a transfer is copied to, and what a message says of it.
    struct Stage {
        Result<void> allocate(Bus& from, std::size_t bytes, std::size_t largest, std::size_t pieces);
        std::size_t fill(ConstSpan bytes);
        std::vector<DmaMemory> memory;
        std::vector<aic100::NncDmaPair> pairs;
    };
    /// Copies `bytes` to DMA memory and sends `message` with it, in as many parts as that takes.
    template<class Response>
    Result<Response> transfer(Message& message, aic100::NncCmd sent, std::string_view what, std::uint32_t tag,
                              ConstSpan bytes);
    template<class Response>
    Result<Response> stream(Message& message, aic100::NncCmd sent, std::string_view what, std::uint32_t tag,
                            ConstSpan bytes, Stage stage, std::size_t done);
    Result<void> unload(aic100::NncCmd type, std::uint32_t id, std::string_view what);
    Result<std::int32_t> activate_status(const Reply& reply);
    Result<Activation> activation_from(const Reply& reply);
    Result<void> deactivation_from(const Reply& reply, unsigned dbc);

    template<class... A>
    [[nodiscard]] tl::unexpected<Error> broken(std::uint64_t& counter, fmt::format_string<A...> text,
                                               A&&... args)
    {
        ++counter;
        return fail(Code::E_PROTO, "{}: {}", bus.name(), fmt::format(text, std::forward<A>(args)...));
    }

    /// A message of this user in the group that is in use.
    [[nodiscard]] Message message() const { return Message(handle, group); }

    Bus& bus;
    std::unique_ptr<Channel> channel;
    std::uint32_t handle;
    std::int32_t group = aic100::nnc_no_partition;
    Counters counters;
    Exchange exchange;
    std::uint32_t next_chunk = 1; ///< chunk ids of continued transfers (4.7)
    std::uint32_t active = 0;     ///< bit per DBC that an activation of ours owns
    std::size_t staging_piece = std::size_t{1} << 30;
    /// Staged at once: large enough that a message costs nothing, small enough to stay in a cache between our
    /// writing and the card's reading.
    std::size_t staging_window = std::size_t{16} << 20;
};

inline constexpr unsigned ssr_attempts = 5;
inline constexpr Nanos ssr_pause = 1s;

template<class Status>
Result<Reply> Client::Impl::ask(Message& message, std::string_view what, std::vector<DmaMemory>& memory,
                                Status&& status)
{
    for (unsigned attempt = 1;; ++attempt) {
        QAIC_TRY(auto reply, exchange.request(message, what, memory));
        QAIC_TRY(const std::int32_t s, status(reply));
        if (s == aic100::nnc_status::OK) return reply;
        if (s != aic100::nnc_status::SSR || attempt == ssr_attempts)
            return tl::unexpected<Error>(status_error(bus.name(), what, s));
        QAIC_CHECK(exchange.rest(ssr_pause));
    }
}

template<class Response>
Result<Response> Client::Impl::response_in(const Reply& reply, aic100::NncCmd sent, std::string_view what,
                                           std::size_t transactions)
{
    const auto want = aic100::nnc_response_of(static_cast<std::uint32_t>(sent));
    const auto bytes = reply.response();
    const auto response = read_at<Response>(bytes);
    const auto type = read_at<le32>(bytes);
    if (reply.transactions().size() > transactions)
        return broken(counters.n_trx, "N-TRX reply to {}: transactions got={} limit={}", what,
                      reply.transactions().size(), transactions);
    if (!type || *type != want)
        return broken(counters.n_trx, "N-TRX reply to {}: response type got={} limit={}", what,
                      type ? type->get() : 0, want);
    if (!response)
        return broken(counters.n_trx, "N-TRX reply to {}: response too short got={} limit={}", what,
                      bytes.size(), sizeof(Response));
    return *response;
}

template<class Response>
Result<Response> Client::Impl::command(Message& message, aic100::NncCmd sent, std::string_view what,
                                       std::vector<DmaMemory>& memory)
{
    QAIC_TRY(const auto reply, ask(message, what, memory, [&](const Reply& r) -> Result<std::int32_t> {
                 QAIC_TRY(const auto response, response_in<Response>(r, sent, what, 1));
                 return status_of(response);
             }));
    return response_in<Response>(reply, sent, what, 1);
}

} // namespace qaic::nnc
