// SPDX-License-Identifier: BSD-3-Clause
#include "place/place.hpp"

namespace place {

Result<StageWish> parse_wish(std::string_view words)
{
    const auto behind = [&](std::string_view start) {
        return words.starts_with(start) && words.size() > start.size() ? words.substr(start.size())
                                                                       : std::string_view{};
    };
    StageWish w;
    if (words == "any") return w;
    if (words == "own core") {
        w.wish = Wish::OWN_CORE;
    } else if (const auto card = behind("near "); !card.empty()) {
        w.wish = Wish::NEAR_CARD, w.of = card;
    } else if (const auto stage = behind("same L3 as "); !stage.empty()) {
        w.wish = Wish::SAME_L3, w.of = stage;
    } else if (const auto other = behind("with "); !other.empty()) {
        w.wish = Wish::WITH, w.of = other;
    } else if (const auto list = behind("cpus "); !list.empty()) {
        w.wish = Wish::CPUS;
        QAIC_TRY(w.cpus, cpu_list(list));
    } else {
        return fail(
            Code::E_FORMAT,
            "\"{}\" is no placement: any, own core, near CARD, same L3 as STAGE, with STAGE, or cpus 2,3",
            words.substr(0, 60));
    }
    return w;
}

} // namespace place
