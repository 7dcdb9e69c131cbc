// SPDX-License-Identifier: BSD-3-Clause
// Inside the network descriptor's parser: one binding, checked against the DMA buffers.
#pragma once
#include "network_desc.pb.h"
#include "qpc/network_desc.hpp"

namespace qpc {
namespace pb = aic100::nwdesc;

/// `where` names the binding in errors ("inputs[0]").
Result<Binding> parse_binding(std::string where, const pb::IoBinding& b, Direction dir,
                              const std::vector<DmaBuffer>& buffers);

} // namespace qpc
