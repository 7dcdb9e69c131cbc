// SPDX-License-Identifier: BSD-3-Clause
// Built-in programs by a line of text: "echo:in=4KiB", "checksum:in=64+128", "scale:in=1KiB,factor=0.5",
// "wait:in=64,out=64,us=100", "timed:in=150528,out=1000" (sizes as you like; for cards with a timing
// model, docs/emulated-card.md). The grammar is KIND:KEY=VALUE[,KEY=VALUE...]; several tensors are joined by
// '+'; sizes are bytes and take KiB, MiB or GiB.
#pragma once
#include "qpc/builder.hpp"

namespace qpc {

/// The program's description, without a name's worth of surprises: network name = KIND, tensors inputBuff_<i>
/// and outputBuff_<i>, echo and wait in place. E_INVAL names the key and the rule.
Result<ProgramSpec> parse_builtin(std::string_view text);

/// "4KiB" -> 4096. E_INVAL when it is no size, zero, or beyond a DMA buffer's 4 GiB - 1.
Result<std::uint64_t> parse_size(std::string_view text);

} // namespace qpc
