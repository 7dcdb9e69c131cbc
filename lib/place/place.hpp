// SPDX-License-Identifier: BSD-3-Clause
// Which CPU each stage of a pipeline gets, and why: every choice comes with a sentence.
#pragma once
#include "place/host.hpp"
#include <span>

namespace place {

/// What a stage asks for, in the words of a pipeline file.
enum class Wish {
    ANY,       ///< "any": a free CPU, or one shared with others
    OWN_CORE,  ///< "own core": nothing of ours on the sibling thread either
    NEAR_CARD, ///< "near CARD": on the card's NUMA node if there is room
    SAME_L3,   ///< "same L3 as STAGE"
    CPUS,      ///< "cpus 2,3": one of these
    WITH,      ///< "with STAGE": on its CPU, so that one calls the other
};

struct StageWish {
    std::string stage;
    Wish wish = Wish::ANY;
    std::string of;             ///< card or stage, for NEAR_CARD, SAME_L3 and WITH
    std::vector<unsigned> cpus; ///< for CPUS; as many as replicas, or more
    unsigned replicas = 1;      ///< copies, each placed by itself
    std::vector<std::string>
        links; ///< stages it hands to or takes from: of equal CPUs one near theirs is taken
};

/// "any", "own core", "near NAME", "same L3 as NAME", "with NAME", "cpus LIST". E_FORMAT lists the words.
Result<StageWish> parse_wish(std::string_view words);

struct Choice {
    std::string stage;
    unsigned replica = 0, cpu = 0;
    unsigned lcore = 0;  ///< EAL's number, from 1: one a CPU that is used, in the order of CPUs
    bool shared = false; ///< another stage is on the same CPU: they take turns
    std::string why;     ///< one sentence
};

struct Placement {
    std::vector<Choice> choices;       ///< in the order of the wishes
    std::vector<std::string> warnings; ///< one sentence each: what could not be had
    /// For EAL's --lcores: "0@(0-7),1@2,2@5". Lcore 0 is the main thread: it controls, anywhere.
    std::string lcores;
};

/// The stages get their CPUs in this order: those that name them, those near a card, own cores, same L3, any;
/// last, those that go with another. Deterministic. E_INVAL: a wish that no host could fulfil (unknown card
/// or stage, a CPU that is not there or not allowed).
Result<Placement> place_stages(const Host& host, std::span<const StageWish> wishes);

} // namespace place
