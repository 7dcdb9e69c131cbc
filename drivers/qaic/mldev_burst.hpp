// SPDX-License-Identifier: BSD-3-Clause
// The burst entry points that rte_ml_dev points to. Rules of the data path: mldev_fast.hpp.
#pragma once
#include "qaic/dpdk_compat/dpdk.hpp"
#include <cstdint>

namespace qaic {

std::uint16_t ml_enqueue_burst(rte_ml_dev* dev, std::uint16_t qp_id, rte_ml_op** ops,
                               std::uint16_t nb_ops) noexcept;
std::uint16_t ml_dequeue_burst(rte_ml_dev* dev, std::uint16_t qp_id, rte_ml_op** ops,
                               std::uint16_t nb_ops) noexcept;
/// Takes and gives nothing: before configure and after close.
std::uint16_t ml_no_burst(rte_ml_dev* dev, std::uint16_t qp_id, rte_ml_op** ops,
                          std::uint16_t nb_ops) noexcept;

} // namespace qaic
