// SPDX-License-Identifier: BSD-3-Clause
// A pipeline as its file says it: stages and the links between them. Nothing here runs. docs/adr/0012
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "place/place.hpp"
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pipeline {
using namespace qaic;

/// What a full link does with the next item.
enum class WhenFull { BLOCK, DROP_NEWEST, DROP_OLDEST, FAIL };

/// Of a kind of stage: where it may stand.
enum class Role { SOURCE, SHAPE, SINK };

/// A value of a stage's own options, and where it stands for errors.
struct OptionValue {
    std::variant<bool, std::int64_t, double, std::string> value;
    std::string place; ///< "file:line:column"
};

struct StageSpec {
    std::string name, kind;
    place::StageWish wish; ///< `links` is filled from the links
    unsigned replicas = 1;
    bool ordered = true;      ///< of several replicas: items leave in the order they came
    std::uint32_t batch = 32; ///< items it takes at once at most
    Nanos batch_wait{0};      ///< how long it waits for a whole batch; 0: takes what is there
    Nanos deadline{0};        ///< from its source's time: older items are dropped; 0: none
    std::map<std::string, OptionValue> options;
    std::string place; ///< "file:line:column" of its table
};

struct LinkSpec {
    std::string from, to;
    std::uint32_t depth = 1024; ///< items, a power of two
    WhenFull when_full = WhenFull::BLOCK;
    std::string place;
};

struct PipelineSpec {
    std::string name;
    std::vector<StageSpec> stages; ///< sources first, then by what they depend on
    std::vector<LinkSpec> links;
    [[nodiscard]] const StageSpec* stage(std::string_view name) const noexcept;
};

/// A kind of stage as the reader must know it; the shipped ones and those of a user's shared object.
struct Kind {
    std::string_view name;
    Role role;
    std::span<const std::string_view> options; ///< their names
};

/// Reads and checks a whole file: every stage known and linked, no circle, names once, values in range.
/// E_FORMAT "file:line:column: what, and what it takes"; E_LIMIT for more than 256 stages or 1024 links.
Result<PipelineSpec> parse_pipeline(std::string_view text, const std::string& file,
                                    std::span<const Kind> kinds);

[[nodiscard]] std::string_view word_of(WhenFull when) noexcept; ///< "drop-newest"

} // namespace pipeline
