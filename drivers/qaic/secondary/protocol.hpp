// SPDX-License-Identifier: BSD-3-Clause
// What a secondary process asks the primary, over DPDK's multi-process channel (rte_mp_request_sync): fixed
// structures, both ends of one build (layout.hpp). The primary answers at once or with E_BUSY, never later:
// its one thread for such messages is also EAL's own for memory. Answers that do not fit a message lie in the
// device's mailbox, in memory both map. docs/adr/0010
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <rte_eal.h>
#include <rte_mldev.h>

namespace qaic::secondary {

inline constexpr const char* action = "qaic_secondary";

enum class Ask : std::uint32_t {
    HELLO,      ///< where are window and mailbox?
    CLAIM,      ///< queue pair `index` is mine from now on
    RELEASE,    ///< ... no longer
    STATISTICS, ///< stats and all xstats, into the mailbox
    MODEL_INFO, ///< of model `index`, into the mailbox
};

struct Request {
    std::uint64_t layout = 0;
    Ask ask = Ask::HELLO;
    std::int32_t pid = 0;
    std::uint64_t started = 0; ///< of the process, in clock ticks since boot: tells it from a later one
    std::uint32_t index = 0;
    char device[64] = {};
};

inline constexpr unsigned most_areas = 16;
struct Reply {
    std::uint64_t layout = 0;
    std::int32_t code = 0;     ///< Code
    std::uint32_t areas = 0;   ///< HELLO: pieces of the window that come with the file descriptor
    std::uint64_t address = 0; ///< HELLO: of the window; CLAIM: of the queue pair
    std::uint64_t mailbox = 0, generation = 0;
    std::uint64_t file_offset = 0; ///< of the window's first byte
    struct Area {
        std::uint32_t offset, bytes;
    };
    union {
        char text[160] = {}; ///< code != 0: why
        std::array<Area, most_areas> area;
    };
};
static_assert(sizeof(Request) <= RTE_MP_MAX_PARAM_LEN && sizeof(Reply) <= RTE_MP_MAX_PARAM_LEN);

struct XstatRow {
    static constexpr std::uint16_t device = 0xffff;
    std::uint16_t id = 0, model = device;
    std::uint32_t reserved = 0;
    std::uint64_t value = 0;
    char name[48] = {};
};

/// Written by the primary's message thread alone. A reader copies, then looks whether the generation is still
/// that of its reply: if not, somebody else has asked meanwhile.
struct Mailbox {
    static constexpr std::size_t capacity = 96 << 10;
    std::atomic<std::uint64_t> generation{0};
    std::uint64_t bytes = 0;
    alignas(64) std::array<std::byte, capacity> data{};
};

struct Statistics {
    rte_ml_dev_stats stats{};
    std::uint32_t rows = 0, reserved = 0; ///< XstatRow, behind this
};
/// Behind it the rte_ml_io_info of inputs, of outputs, then their shapes, in that order; pointers in there
/// mean nothing.
struct ModelInfo {
    rte_ml_model_info info{};
};

} // namespace qaic::secondary
