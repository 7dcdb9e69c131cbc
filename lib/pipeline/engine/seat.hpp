// SPDX-License-Identifier: BSD-3-Clause
// One replica of a stage as its lcore sees it: its functions, what it counts, and where its items go.
#pragma once
#include "pipeline/engine/layout.hpp"
#include "pipeline/engine/link.hpp"
#include "pipeline/engine/order_window.hpp"
#include <array>

namespace pipeline {

using stats::LiveHistogram;

/// Items a call may see at most.
inline constexpr std::uint16_t most_items = RTE_GRAPH_BURST_SIZE;

/// Reasons to drop an item that any stage can have; a stage's own stand behind them.
enum Reason : std::uint8_t { LINK_FULL, DEADLINE, STOPPED, OWN_REASONS };
inline constexpr std::string_view shared_reasons[] = {"link_full", "deadline", "stopped"};
inline constexpr std::size_t all_reasons = OWN_REASONS + QAIC_PIPE_MOST_REASONS;

/// What the engine tells all seats. Written by control threads.
struct Orders {
    std::atomic<bool> draining{false}; ///< sources stop, nothing waits for company any more
    std::atomic<bool> stop{false};     ///< lcores leave
    std::atomic<bool> failed{false};   ///< a link with "fail" was full
};

/// Where items leave: the queues of the next stage. One thread.
struct Exit {
    std::vector<std::unique_ptr<LinkEnd>> ends; ///< one for each replica of the next stage
    std::size_t turn = 0;                       ///< which of them is next
    OrderWindow* numbers = nullptr;             ///< numbers items that replicas may finish in any order
    WhenFull when_full = WhenFull::BLOCK;
    std::vector<rte_mbuf*> waiting; ///< with BLOCK: what found no room; its memory is there from the start
    std::size_t waiting_n = 0;
};

struct alignas(64) Seat {
    const qaic_pipe_stage* kind = nullptr;
    void* self = nullptr;
    HandOver to = HandOver::END;
    std::uint16_t batch = 32;
    bool ended = false;                         ///< a source that has said so
    std::uint64_t batch_wait = 0, deadline = 0; ///< ticks; 0: none
    std::uint64_t waits_since = 0;
    std::uint64_t next_seq = 0;
    std::uint16_t source_number = 0;
    std::size_t queue_turn = 0;
    std::vector<Link*> queues;
    Exit exit;
    OrderWindow* into_order = nullptr; ///< with HandOver::ORDER, or what a gather takes from
    std::vector<Exit*> gates;          ///< exits that its items reach on this lcore: full ones stop it
    const Orders* orders = nullptr;
    std::atomic<bool>* fail_flag = nullptr;
    std::uint64_t* moved = nullptr; ///< the lcore's count of items brought in

    LiveCount in, out, busy, bursts;
    LiveCount ledger_in, ledger_out, ledger_dropped; ///< by weight
    std::array<LiveCount, all_reasons> dropped;
    std::atomic<bool> has_ended{false};
    std::atomic<std::uint32_t> held{0}; ///< what the stage said last
    LiveHistogram latency, end_to_end;

    // slow: for those who build and look
    SeatPlan plan;
    bool gathers = false; ///< not a stage's replica but what puts replicas' items into order
    std::string name;
    ~Seat()
    {
        if (self != nullptr) kind->destroy(self);
    }
};

} // namespace pipeline
