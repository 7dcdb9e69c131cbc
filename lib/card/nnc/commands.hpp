// SPDX-License-Identifier: BSD-3-Clause
// The NNC commands inside passthrough transactions, as one table (aic100-device.md 4.13). A handler fills its
// response and returns the status; layout, length and refusals are the table's business.
#pragma once
#include "card/nnc/transfer.hpp"
#include <span>

namespace card {

/// What surrounds a command in its message, and what it adds to the reply beside its response.
struct Call {
    Firmware& firmware;
    Caller caller;
    ConstSpan command;                          ///< all of the payload
    Load* load = nullptr;                       ///< data that came with a load command
    std::optional<aic100::NncActivateToDev> vc; ///< taken by an ACTIVATE
    std::optional<std::uint32_t> activated_dbc{};
    struct Torn {
        NncStatus status;
        std::uint32_t dbc;
    };
    std::optional<Torn> torn_down{}; ///< DEACTIVATE_FROM_DEV follows
};

struct Command {
    aic100::NncCmd type;
    std::size_t request_bytes, response_bytes;
    Bytes (*run)(Call& call);
    Bytes (*refuse)(NncStatus status);
};
/// Null for a type the card does not know.
[[nodiscard]] const Command* find_command(std::uint32_t type) noexcept;
/// The response to a command that is unknown or too short: {type + 1, status} in the command's own layout.
[[nodiscard]] Bytes refuse_command(std::uint32_t type, NncStatus status);
/// The FIFO pair of an ACTIVATE_TO_DEV, when it obeys 4.8.
[[nodiscard]] std::optional<Channel::Fifo> checked_fifo(const aic100::NncActivateToDev& t) noexcept;
/// The object a failed payload belongs to is gone (workload 3).
void drop_failed_payload(Firmware& firmware, const Load& load);

namespace commands {
template<class Request, class Response>
using Handler = NncStatus (*)(Call&, const Request&, Response&);

template<class Response>
Bytes encode(Response& r, aic100::NncCmd type, NncStatus status)
{
    r.type = aic100::nnc_response_of(static_cast<std::uint32_t>(type));
    r.status = status;
    Bytes out;
    append(out, r);
    return out;
}

/// One line of the table.
template<aic100::NncCmd Type, class Request, class Response, Handler<Request, Response> Handle>
constexpr Command entry() noexcept
{
    return {Type, sizeof(Request), sizeof(Response),
            [](Call& call) {
                Response r{};
                const auto request = read_at<Request>(call.command);
                const auto status = request ? Handle(call, *request, r) : aic100::nnc_status::COMMAND_LENGTH;
                return encode(r, Type, status);
            },
            [](NncStatus status) {
                Response r{};
                return encode(r, Type, status);
            }};
}

std::span<const Command> load_commands() noexcept;
std::span<const Command> activation_commands() noexcept;
std::span<const Command> reservation_commands() noexcept;
std::span<const Command> info_commands() noexcept;
} // namespace commands

} // namespace card
