// SPDX-License-Identifier: BSD-3-Clause
// A host as boxes within boxes, with the stages of a placement in those of their CPUs. Any thread.
#pragma once
#include "pipeline/draw/svg.hpp"
#include "place/place.hpp"
#include <vector>

namespace pipeline::draw {

struct Box {
    enum class Kind { HOST, NODE, L3, CORE, CPU, IDLE_CPU, IDLE, CARDS, CARD, STAGE };
    Kind kind = Kind::HOST;
    std::string label;
    Rect at;                 ///< filled by arrange()
    std::vector<Box> inside; ///< in the order in which they are laid out
    std::size_t index = 0;   ///< STAGE: of its choice; CARD: of the host's card
};

/// Boxes without places. Of hosts with more than 16 CPUs those cores are numbers only that nothing runs on.
[[nodiscard]] Box host_boxes(const place::Host& host, const place::Placement& placement);
/// Lays out a box and all in it from (x, y), rows no wider than `width` where their boxes allow it.
void arrange(Box& box, double x, double y, double width);

/// Sizes of letters in a kind of box.
[[nodiscard]] double label_size(Box::Kind kind);

} // namespace pipeline::draw
