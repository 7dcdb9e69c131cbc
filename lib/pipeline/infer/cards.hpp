// SPDX-License-Identifier: BSD-3-Clause
// The cards of this process as `infer` stages share them: each is configured once, with a queue pair for each
// replica that uses it, and holds each model once. Through <rte_mldev.h> alone: any ML device will do.
// Control threads, one at a time, but where a member says otherwise.
#pragma once
#include "base/result.hpp"
#include "stats/live_count.hpp"
#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace pipeline::infer {
using namespace qaic;
using stats::LiveCount;

/// Which model operations are to name, as lcores read it: an id, and which of two generations it is, so that
/// one can be counted empty while the other fills.
class CurrentModel {
  public:
    struct Value {
        std::uint16_t id = 0, generation = 0;
        [[nodiscard]] unsigned half() const { return generation & 1U; }
    };
    /// Any thread.
    [[nodiscard]] Value get() const noexcept
    {
        const auto v = packed_.load(std::memory_order_acquire);
        return {static_cast<std::uint16_t>(v >> 16), static_cast<std::uint16_t>(v)};
    }
    void set(Value v) noexcept
    {
        packed_.store(std::uint32_t{v.id} << 16 | v.generation, std::memory_order_release);
    }

  private:
    std::atomic<std::uint32_t> packed_{0};
};

/// What one replica has on one card with one model. Its lcore counts; the control thread reads.
struct Lane {
    std::int16_t device = 0;
    std::uint16_t pair = 0;
    std::uint16_t batches = 1; ///< of the model: what each operation must say
    const CurrentModel* model = nullptr;
    LiveCount submitted[2], completed[2]; ///< by half of the generation
    LiveCount rounds; ///< calls of run and poll, so that a reader knows an old value is forgotten
};

/// Sizes of a model's packed input and output.
struct ModelSizes {
    std::uint32_t input = 0, output = 0;
    friend bool operator==(const ModelSizes&, const ModelSizes&) = default;
};
/// From the file alone, checked whole. E_FORMAT, E_LIMIT (1 GiB), as load_program_file().
Result<ModelSizes> model_sizes(const std::string& path);

/// A lane on device `id` with the model of file `path`, `depth` operations; the card starts by start_cards().
/// E_REMOVED: no such device; E_STATE: the card runs already (for an earlier pipeline's stages); E_LIMIT:
/// more queue pairs or depth than it has.
Result<std::shared_ptr<Lane>> want_lane(std::int16_t id, const std::string& path, std::uint32_t depth);
/// Configures and starts every card somebody wants a lane of, and loads their models. E_STATE, E_FORMAT: what
/// the driver refused; E_UNSUPP: a model whose tensors do not lie in one piece.
Result<void> start_cards();
/// Reads the lane's model file again and swaps it for the old one on that card: no operation is lost, and
/// none runs with both. The old one stays on any error: E_INVAL other sizes; E_TIMEOUT operations of the old
/// one do not come back (it stays loaded until the process ends).
Result<void> reload_model(const Lane& lane);
/// Stops the cards nobody has a lane of any more. Called by lanes' owners when they go.
void release_cards();

} // namespace pipeline::infer
