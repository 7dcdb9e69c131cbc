// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/top_k.hpp"
#include "pipeline/stages/tensor_options.hpp"
#include <array>
#include <cmath>

namespace pipeline {

namespace {

constexpr const char* top_k_options[] = {"k", "softmax", nullptr};
constexpr const char* top_k_reasons[] = {"wrong_size", "not_a_number", "no_room", nullptr};
enum : std::uint8_t { TOP_WRONG_SIZE = QAIC_PIPE_DROP, TOP_NOT_A_NUMBER, TOP_NO_ROOM };

using Best = std::array<TopPair, most_top>;

/// The k largest of n >= k, best first; false when one of the n is not a number.
bool find_best(const LooseFloat* x, std::uint32_t n, std::uint32_t k, Best& best)
{
    std::uint32_t found = 0;
    for (std::uint32_t c = 0; c < n; ++c) {
        const float v = x[c];
        if (found == k && v <= best[k - 1].score) continue; // most elements of a large tensor end here
        if (std::isnan(v)) return false;
        std::uint32_t at = found < k ? found++ : k - 1;
        for (; at > 0 && best[at - 1].score < v; --at) best[at] = best[at - 1];
        best[at] = {c, v};
    }
    return true;
}

/// Turns scores into probabilities among all n; false when there are none.
bool softmax(const LooseFloat* x, std::uint32_t n, std::uint32_t k, Best& best)
{
    const float highest = best[0].score;
    if (!std::isfinite(highest)) return false;
    float sum = 0;
    for (std::uint32_t c = 0; c < n; ++c) sum += std::exp(x[c] - highest);
    for (std::uint32_t i = 0; i < k; ++i) best[i].score = std::exp(best[i].score - highest) / sum;
    return true;
}

class TopK {
  public:
    static Result<std::unique_ptr<TopK>> make(const qaic_pipe_setup& setup)
    {
        const Options options(setup);
        auto made = std::make_unique<TopK>();
        QAIC_TRY(const auto k, options.integer("k", 1, most_top, 1));
        QAIC_TRY(made->softmax_, options.boolean("softmax", false));
        made->k_ = static_cast<std::uint32_t>(k);
        return made;
    }

    [[nodiscard]] std::uint32_t room() const { return room_of(k_ * sizeof(TopPair)); }

    void run(Burst b) // HOT
    {
        for (std::size_t i = 0; i < b.items.size(); ++i) b.verdict[i] = one(b.items[i]);
    }

  private:
    std::uint8_t one(rte_mbuf* m) const
    {
        auto* const item = qaic_pipe_item_of(m);
        const auto n = item->tensor_bytes / static_cast<std::uint32_t>(sizeof(float));
        if (item->tensor_bytes % sizeof(float) != 0 || n < k_) return TOP_WRONG_SIZE;
        const auto* const x = static_cast<const LooseFloat*>(qaic_pipe_tensor(m));
        Best best; // only the first k are written and read
        if (!find_best(x, n, k_, best) || (softmax_ && !softmax(x, n, k_, best))) return TOP_NOT_A_NUMBER;
        void* const out = qaic_pipe_new_tensor(m, k_ * sizeof(TopPair));
        if (out == nullptr) return TOP_NO_ROOM;
        std::memcpy(out, best.data(), k_ * sizeof(TopPair));
        item->label = best[0].cls;
        item->score = best[0].score;
        return QAIC_PIPE_PASS;
    }

    std::uint32_t k_ = 1;
    bool softmax_ = false;
};

} // namespace

constinit const qaic_pipe_stage stage_top_k =
    stage_of<TopK>("top-k", QAIC_PIPE_SHAPE, top_k_options, top_k_reasons);

} // namespace pipeline
