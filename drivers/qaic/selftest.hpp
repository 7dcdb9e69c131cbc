// SPDX-License-Identifier: BSD-3-Clause
// What a stopped device can try on itself beyond the LOOPBACK channel: one operation through every DMA-Bridge
// channel that is free, on the very code applications use. The program is built on the spot and only the
// emulated card runs it (docs/adr/0005). Control thread, control lock held.
#pragma once
#include "qaic/running.hpp"

namespace qaic {

/// Takes DBCs as long as the card has any, echoes a pattern through each, and gives them back. How many those
/// were. Nothing is left on the card, also after an error; E_PROTO names the channel that answered wrongly.
[[nodiscard]] Result<unsigned> echo_every_channel(Bus& bus, nnc::Client& client,
                                                  const aic100::InfoBlock& card, Nanos limit,
                                                  std::uint64_t op_limit);

} // namespace qaic
