// SPDX-License-Identifier: BSD-3-Clause
// The request elements of one inference, made once per activation and patched per operation: device
// addresses, lengths, semaphores and doorbells are final; the host side holds an offset into the operation's
// input or output. aic100-workload.md 4.5, aic100-device.md 5.6
#pragma once
#include "aic100/wire/dbc.hpp"
#include "base/result.hpp"
#include <cstdint>
#include <span>
#include <vector>

namespace qaic::dbc {

/// One host transfer of a program, as the metadata lists them, already resolved to the user's packed buffers.
struct Transfer {
    bool to_device = true;
    bool on_chip = false;          ///< device offset is relative to mcid_base (else to ddr_base)
    bool dynamic_ddr = false;      ///< ... or to dynamic_ddr_base
    std::uint64_t host_offset = 0; ///< in the packed input or output
    std::uint64_t device_offset = 0;
    std::uint32_t bytes = 0; ///< 0: semaphores and doorbell only
    bool doorbell = false;
    std::uint8_t doorbell_size = aic100::doorbell_attr::BITS32;
    std::uint64_t doorbell_offset = 0; ///< from mcid_base
    std::uint32_t doorbell_data = 0;
    std::uint32_t sem[4] = {}; ///< final semaphore words (5.3)
};

struct DeviceBases {
    std::uint64_t ddr = 0, dynamic_ddr = 0, mcid = 0;
};

/// `elements[i]` is filled as source = template + (input base & in_mask), destination = template + (output &
/// out_mask).
struct SlicePlan {
    struct alignas(64) Element {
        aic100::RequestElement wire;
        /// In the order of the element's first four words, so that fill() patches two at a time.
        std::uint64_t id_mask = 0xffff, in_mask = 0, out_mask = 0, length_mask = 0;
    };
    std::vector<Element> elements;
    std::uint64_t input_bytes = 0, output_bytes = 0; ///< a buffer of an operation must have at least these
};

/// Builds the plan. Exactly one element, the last, asks for a response. Unless it is an output and the
/// program itself orders its transfers by shared presync semaphores, that element gets both fences, so that
/// its response means: every transfer of this inference has ended. docs/adr/0003
[[nodiscard]] Result<SlicePlan> plan_slices(std::span<const Transfer> transfers, const DeviceBases& bases,
                                            std::uint64_t input_bytes, std::uint64_t output_bytes);

} // namespace qaic::dbc
