// SPDX-License-Identifier: BSD-3-Clause
// The one table of what a pipeline exports: a row a metric family, by OpenMetrics' rules of names (a name
// ends in its unit, a counter's samples in _total, an info's in _info). docs/pipelines-metrics.md explains
// each row; a test compares the two.
#pragma once
#include "pipeline/snapshot.hpp"
#include <functional>
#include <optional>
#include <span>

namespace pipeline::metrics {

enum class Type { COUNTER, GAUGE, SUMMARY, INFO };

/// A name and its value, not escaped.
struct Label {
    std::string_view name;
    std::string value;
};
using Labels = std::vector<Label>;
using Number = std::variant<std::uint64_t, double>;

/// Takes one sample: labels, value, and for a summary's number of observations "_count".
using Sink = std::function<void(const Labels& labels, Number value, std::string_view suffix)>;

struct Family {
    std::string_view name; ///< without a sample's suffix
    Type type;
    std::string_view unit;   ///< seconds, items...; empty: none
    std::string_view labels; ///< their names, besides `pipeline`, which each sample has
    std::string_view help;
    void (*read)(const PipelineSnapshot& from, const Sink& to);
};

[[nodiscard]] std::span<const Family> families() noexcept;
[[nodiscard]] std::string_view word_of(Type type) noexcept; ///< "counter"
/// What a family's samples end in: "_total" for a counter, "_info" for an info.
[[nodiscard]] std::string_view suffix_of(Type type) noexcept;

/// Since the start; nothing when no item came.
[[nodiscard]] std::optional<double> cycles_per_item(const StageSnapshot& stage) noexcept;
/// 0 to 1, of the tries to hand over; nothing when there was none.
[[nodiscard]] std::optional<double> full_ratio(const LinkSnapshot& link) noexcept;

} // namespace pipeline::metrics
