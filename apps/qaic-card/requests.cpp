// SPDX-License-Identifier: BSD-3-Clause
#include "requests.hpp"
#include "card/faults.hpp"
#include "card/qsm.hpp"
#include "fault_requests.hpp"
#include "json_fields.hpp"
#include "stats_json.hpp"

namespace card_app {
namespace {
using card_server::CardDevice;

/// The task may outlive this call when the card is stuck: it shares what it writes to.
template<class T>
Result<T> on_card(card_server::ServedCard& served, std::function<T(card::Card&, CardDevice&)> what)
{
    auto out = std::make_shared<std::optional<T>>();
    const bool done =
        served.run([out, what](card::Card& card, CardDevice& device) { *out = what(card, device); });
    if (!done) return fail(Code::E_TIMEOUT, "the card did not answer within 2 s");
    return std::move(**out);
}

Result<json> stats_of(const Cards& cards, unsigned number)
{
    QAIC_TRY(auto stats, on_card<json>(*cards[number], card_stats));
    return with_identity(std::move(stats), number, *cards[number]);
}

/// The cards a request means: the one it names, or all.
std::vector<unsigned> chosen(Fields& in, const Cards& cards)
{
    const auto none = cards.size();
    const auto one = in.number("card", 0, cards.size() - 1, none);
    if (one < none) return {static_cast<unsigned>(one)};
    std::vector<unsigned> all(cards.size());
    for (unsigned i = 0; i < all.size(); ++i) all[i] = i;
    return all;
}

Result<json> stats(const json& request, const Cards& cards)
{
    Fields in(request, {"op"});
    const auto which = chosen(in, cards);
    QAIC_CHECK(in.check());
    json list = json::array();
    for (const auto number : which) {
        QAIC_TRY(auto one, stats_of(cards, number));
        list.push_back(std::move(one));
    }
    return json{{"cards", std::move(list)}};
}

Result<json> reset_stats(const json& request, const Cards& cards)
{
    Fields in(request, {"op"});
    const auto which = chosen(in, cards);
    QAIC_CHECK(in.check());
    for (const auto number : which) {
        QAIC_TRY([[maybe_unused]] const auto done,
                 on_card<bool>(*cards[number], [](card::Card& card, CardDevice& device) {
                     device.counters().reset();
                     if (auto* qsm = card.faults().qsm()) qsm->reset_timing();
                     return true;
                 }));
    }
    return json::object();
}

Result<json> stage(const json& request, const Cards& cards)
{
    Fields in(request, {"op"});
    const auto number = in.number("card", 0, cards.size() - 1, 0);
    QAIC_CHECK(in.check());
    QAIC_TRY(auto name, on_card<std::string>(*cards[number], [](card::Card& card, CardDevice&) {
                 return std::string(card::to_string(card.stage()));
             }));
    return json{{"stage", name}};
}

Result<json> inject_fault(const json& request, const Cards& cards)
{
    Fields in(request);
    const auto number = in.number("card", 0, cards.size() - 1, 0);
    if (cards.size() > 1 && !request.contains("card"))
        return fail(Code::E_INVAL, "\"card\" is missing: there are {}", cards.size());
    if (request.contains("card") && !(request["card"].is_number_unsigned() && request["card"] == number))
        return fail(Code::E_INVAL, "\"card\" takes 0 to {}", cards.size() - 1);
    QAIC_TRY(auto done,
             on_card<Result<void>>(*cards[number], [request](card::Card& card, CardDevice& device) {
                 return inject(request, card, device);
             }));
    if (!done) return tl::unexpected<Error>(done.error());
    return json::object();
}

Result<json> faults(const json& request, const Cards&)
{
    const Fields in(request, {"op"});
    QAIC_CHECK(in.check());
    return json{{"faults", fault_names()}};
}

struct Row {
    std::string_view name;
    Result<json> (*handler)(const json&, const Cards&);
};
constexpr Row rows[] = {
    {"stats", stats},         {"reset-stats", reset_stats}, {"stage", stage},
    {"inject", inject_fault}, {"faults", faults},
};

Result<json> carry_out(std::string_view line, const Cards& cards)
{
    const auto request = json::parse(line, nullptr, false);
    if (!request.is_object()) return fail(Code::E_FORMAT, "a request is a JSON object on one line");
    const auto op = request.find("op");
    if (op == request.end() || !op->is_string()) return fail(Code::E_INVAL, "\"op\" is missing");
    for (const auto& row : rows)
        if (op->get_ref<const std::string&>() == row.name) return row.handler(request, cards);
    return fail(Code::E_INVAL, "unknown op; known: stats, reset-stats, stage, inject, faults");
}

std::string print(const Result<json>& result, int indent)
{
    json out = {{"ok", result.has_value()}};
    if (result)
        out.update(*result);
    else
        out["error"] = result.error().message();
    return out.dump(indent, ' ', false, json::error_handler_t::replace);
}

} // namespace

std::string answer(std::string_view line, const Cards& cards) { return print(carry_out(line, cards), -1); }

std::string all_stats(const Cards& cards, int indent)
{
    return print(stats(json{{"op", "stats"}}, cards), indent);
}

} // namespace card_app
