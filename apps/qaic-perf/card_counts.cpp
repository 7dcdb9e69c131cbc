// SPDX-License-Identifier: BSD-3-Clause
#include "card_counts.hpp"
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace qaic::perf {

namespace {

using Answer = nlohmann::json;
constexpr std::size_t most_cards = 4096;

/// Reads members of one object; the first that is missing or wrong stays.
class Members {
  public:
    Members(const Answer& from, std::string where) : from_(from), where_(std::move(where)) {}

    double share(const char* name) { return number(name, 1.0 + 1e-6); }
    double mean(const char* name) { return number(name, 1e12); }
    std::uint64_t count(const char* name)
    {
        const auto* v = member(name, "a count", [](const Answer& a) { return a.is_number_unsigned(); });
        return v != nullptr ? v->get<std::uint64_t>() : 0;
    }
    bool flag(const char* name)
    {
        const auto* v = member(name, "true or false", [](const Answer& a) { return a.is_boolean(); });
        return v != nullptr && v->get<bool>();
    }
    std::string text(const char* name)
    {
        const auto* v = member(name, "a text", [](const Answer& a) { return a.is_string(); });
        return v != nullptr ? v->get<std::string>() : std::string();
    }
    [[nodiscard]] const std::string& problem() const { return problem_; }

  private:
    template<class Is>
    const Answer* member(const char* name, const char* what, Is is)
    {
        const auto at = from_.is_object() ? from_.find(name) : from_.end();
        if (from_.is_object() && at != from_.end() && is(*at)) return &*at;
        if (problem_.empty()) problem_ = fmt::format("{}{} is not {}", where_, name, what);
        return nullptr;
    }
    double number(const char* name, double limit)
    {
        const auto* v = member(name, "a number", [](const Answer& a) { return a.is_number(); });
        const auto value = v != nullptr ? v->get<double>() : 0;
        if (v != nullptr && !(value >= 0 && value <= limit) && problem_.empty())
            problem_ = fmt::format("{}{} is {}, not 0 to {:g}", where_, name, value, limit);
        return value;
    }

    const Answer& from_;
    std::string where_, problem_;
};

/// nullptr unless `from` is an object that has it.
const Answer* part(const Answer& from, const char* name)
{
    if (!from.is_object()) return nullptr;
    const auto at = from.find(name);
    return at != from.end() ? &*at : nullptr;
}

Result<CardCounts> card_of(const Answer& from, std::size_t number)
{
    const auto where = fmt::format("card {}: ", number);
    static const Answer none;
    const auto* mmio = part(from, "mmio");
    const auto* bar2 = mmio != nullptr ? part(*mmio, "bar2") : nullptr;
    const auto* timing = part(from, "timing");
    CardCounts c;
    Members card(from, where), queues(bar2 != nullptr ? *bar2 : none, where + "mmio.bar2.");
    c.socket = card.text("socket");
    c.serial = card.text("serial");
    c.trapped = card.flag("trap");
    if (const auto* config = part(from, "configuration"); config != nullptr && config->is_object())
        c.configuration = config->dump(-1, ' ', false, Answer::error_handler_t::replace);
    c.doorbell_reads = queues.count("reads");
    c.doorbell_writes = queues.count("writes");
    if (!card.problem().empty()) return fail(Code::E_FORMAT, "{}", card.problem());
    if (!queues.problem().empty()) return fail(Code::E_FORMAT, "{}", queues.problem());
    if (timing == nullptr || timing->is_null()) return c;
    Members model(*timing, where + "timing.");
    c.timed = true;
    c.inferences = model.count("inferences");
    c.slots = model.count("slots");
    c.all_busy = model.share("all_busy_share");
    c.mean_busy = model.mean("mean_busy");
    c.mean_waiting = model.mean("mean_waiting");
    c.link_in = model.share("link_in_share");
    c.link_out = model.share("link_out_share");
    if (!model.problem().empty()) return fail(Code::E_FORMAT, "{}", model.problem());
    return c;
}

} // namespace

Result<std::vector<CardCounts>> parse_card_counts(std::string_view answer)
{
    const auto root = Answer::parse(answer, nullptr, false);
    const auto* cards = part(root, "cards");
    if (cards == nullptr || !cards->is_array() || cards->empty() || cards->size() > most_cards)
        return fail(Code::E_FORMAT, "not an answer to {{\"op\":\"stats\"}}: no list of 1 to {} cards",
                    most_cards);
    std::vector<CardCounts> out;
    for (std::size_t i = 0; i < cards->size(); ++i) {
        QAIC_TRY(auto one, card_of((*cards)[i], i));
        out.push_back(std::move(one));
    }
    return out;
}

const CardCounts* busiest(const std::vector<CardCounts>& cards)
{
    const auto worked = [](const CardCounts& c) { return std::max({c.all_busy, c.link_in, c.link_out}); };
    const auto at = std::max_element(cards.begin(), cards.end(),
                                     [&](const auto& a, const auto& b) { return worked(a) < worked(b); });
    return at != cards.end() ? &*at : nullptr;
}

} // namespace qaic::perf
