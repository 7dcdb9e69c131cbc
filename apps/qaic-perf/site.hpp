// SPDX-License-Identifier: BSD-3-Clause
// What a run stands on: every card open, every model loaded on each, and for each lcore, card and model a
// queue pair with its operations and buffers.
#pragma once
#include "load/lane.hpp"
#include "ml_queue.hpp"
#include "op_set.hpp"
#include "run_files.hpp"
#include "run_observer.hpp"

#include <deque>
#include <optional>

namespace qaic::perf {

using Lane = load::Lane<MlQueue, RunObserver>;

/// A queue pair of a card, and the operations of one model on it. Buffers are declared first, so that they
/// outlive the ops that point at them.
struct Seat {
    std::size_t lcore = 0, card = 0, model = 0;
    BufferSets outputs;
    OpSet ops;
    MlQueue queue;
};

/// Control functions; the seats' queues and ops are for the lcores.
class Site {
  public:
    /// Opens and loads everything; `problem` of a card or model names it. Models lie in the options' order.
    static Result<Site> open(const RunOptions& options, const RunFiles& files);
    /// Fills the inputs: of the first model from a file, of the others with zeros. Once, before the seats.
    Result<void> take_seats(const RunOptions& options, const TensorFile& input);
    /// Unloads and closes; the first error, after all was tried.
    Result<void> close();

    struct Card {
        MlDevice device;
        std::vector<MlModel> models;
    };
    [[nodiscard]] std::vector<Card>& cards() { return cards_; }
    [[nodiscard]] std::deque<Seat>& seats() { return seats_; }
    [[nodiscard]] const MlModel& model(const Seat& s) const { return cards_[s.card].models[s.model]; }
    [[nodiscard]] BufferSets& inputs(const Seat& s) { return inputs_[s.model]; }
    [[nodiscard]] std::uint32_t tensors(const Seat& s) const { return tensors_[s.model]; }
    /// Sum over all cards.
    [[nodiscard]] Result<rte_ml_dev_stats> stats() const;

  private:
    Site() = default;
    std::vector<Card> cards_;
    std::vector<BufferSets> inputs_; ///< by model; all cards read the same
    std::vector<std::uint32_t> tensors_;
    std::deque<Seat> seats_;
};

} // namespace qaic::perf
